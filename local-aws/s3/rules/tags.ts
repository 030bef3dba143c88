/** Tag sets: from the x-amz-tagging header, from XML and back. Pure. */
import { S3Error } from '../errors.ts';
import type { Tags } from '../store/model.ts';
import { childOf, textOf, type XmlElement, xml } from '../xml.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const limits = { object: 10, bucket: 50 } as const;
const longestKey = 128;
const longestValue = 256;
/** Letters, digits and white space of any language, and these signs. */
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Reads the query-like header of a PUT or copy. Throws `InvalidTag`, `InvalidArgument`. */
export function parseTagHeader(header: string | undefined): Tags {
  if (header === undefined) return [];
  return verifyTags([...new URLSearchParams(header)], 'object');
}

/** Reads a Tagging document. Throws `MalformedXML`, `InvalidTag`. */
export function parseTagging(root: XmlElement, holder: keyof typeof limits): Tags {
  const set = childOf(root, 'TagSet');
  if (root.name !== 'Tagging' || set === undefined) throw new S3Error('MalformedXML');
  const tags = set.children.map(tag => {
    const key = textOf(tag, 'Key');
    const value = textOf(tag, 'Value');
    if (tag.name !== 'Tag' || key === undefined || value === undefined) throw new S3Error('MalformedXML');
    return [key, value] as const;
  });
  return verifyTags(tags, holder);
}

export function formatTagging(tags: Tags): XmlElement {
  return xml('Tagging', [
    xml(
      'TagSet',
      tags.map(([key, value]) => xml('Tag', [xml('Key', key), xml('Value', value)])),
    ),
  ]);
}

function verifyTags(tags: Tags, holder: keyof typeof limits): Tags {
  if (tags.length > limits[holder])
    throw new S3Error('InvalidTag', `${capitalise(holder)} tags cannot be greater than ${limits[holder]}`);
  if (new Set(tags.map(([key]) => key)).size !== tags.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  for (const [key, value] of tags) {
    if (key === '' || key.length > longestKey || !allowed.test(key))
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > longestValue || !allowed.test(value))
      throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
  }
  return tags;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
