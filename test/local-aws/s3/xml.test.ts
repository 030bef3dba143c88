/** The XML reader: what it takes, what it refuses, and that it survives anything. */

import test from 'ava';
import fc from 'fast-check';
import { S3Error } from '../../../local-aws/s3/errors.ts';
import { formatDocument, parseDocument, type XmlElement, xml } from '../../../local-aws/s3/xml.ts';

const accepted = [
  ['a self-closing root', '<a/>', xml('a')],
  [
    'a declaration, a namespace and space',
    '<?xml version="1.0"?>\n<a xmlns="x" >\n <b> 1 </b>\n</a>\n',
    xml('a', [xml('b', ' 1 ')]),
  ],
  ['comments', '<!-- x --><a><!-- <b> --><c/></a><!-- y -->', xml('a', [xml('c')])],
  ['entities', '<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F389;</a>', xml('a', '<&>"\'A🎉')],
] as const;

for (const [title, text, expected] of accepted)
  test(`read: ${title}`, t => t.deepEqual(parseDocument(text), expected));

const refused = [
  ['nothing', ''],
  ['text only', 'hello'],
  ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an unknown entity', '<a>&b;</a>'],
  ['a lone ampersand', '<a>& b</a>'],
  ['crossed tags', '<a><b></a></b>'],
  ['a missing end', '<a><b>'],
  ['two roots', '<a/><b/>'],
  ['text beside elements', '<a>x<b/></a>'],
  ['CDATA', '<a><![CDATA[x]]></a>'],
  ['an open comment', '<a/><!-- '],
  ['a thousand levels', '<a>'.repeat(1000) + '</a>'.repeat(1000)],
  ['a code point that does not exist', '<a>&#x110000;</a>'],
] as const;

for (const [title, text] of refused)
  test(`refused as MalformedXML: ${title}`, t => {
    t.like(
      t.throws(() => parseDocument(text)),
      { code: 'MalformedXML' },
    );
  });

const text = fc.string({ unit: fc.constantFrom('a', '<', '&', '"', '\n', '\u0001', 'é', '🎉', ' ') });
const tree: fc.Arbitrary<XmlElement> = fc.letrec<{ element: XmlElement }>(tie => ({
  element: fc.oneof(
    { depthSize: 'small' },
    text.map(each => xml('leaf', each)),
    fc.array(tie('element'), { minLength: 1, maxLength: 3 }).map(children => xml('node', children)),
  ),
})).element;

test('what is written can be read again', t => {
  const same = (root: XmlElement) =>
    JSON.stringify(parseDocument(formatDocument(root, { namespaced: true }))) === JSON.stringify(root);
  fc.assert(fc.property(tree, same), { seed: 20_261_123, numRuns: 300 });
  t.pass();
});

test('arbitrary text is read or refused, never anything else', t => {
  const piece = fc.constantFrom(
    '<a>',
    '</a>',
    '<b',
    '/>',
    '>',
    '&',
    'amp;',
    '<!--',
    '-->',
    '<?',
    '?>',
    '"',
    '=',
    ' ',
    'x',
  );
  const holds = (pieces: string[]) => {
    try {
      parseDocument(pieces.join(''));
      return true;
    } catch (error) {
      return error instanceof S3Error && error.code === 'MalformedXML';
    }
  };
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), holds), { seed: 20_261_123, numRuns: 2000 });
  t.pass();
});
