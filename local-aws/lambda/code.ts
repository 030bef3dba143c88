/** Where the code of a function or layer comes from: bytes in the request, or an object in S3. */
import { readFile } from 'node:fs/promises';
import { invalid } from './errors.ts';
import { blob, type Fields, text } from './fields.ts';
import { checkZipped } from './limits.ts';
import type { Blob } from './records.ts';
import type { Service } from './service.ts';

/**
 * Stores the zip that `fields` name by `ZipFile`, or by `S3Bucket`, `S3Key` and `S3ObjectVersion`.
 * Throws `InvalidParameterValueException` when there is none, or it is no zip.
 */
export async function takeCode(service: Service, fields: Fields): Promise<Blob> {
  if (text(fields, 'ImageUri'))
    throw invalid('local-aws runs zip packages; container images are not supported here');
  const inline = blob(fields, 'ZipFile');
  const bucket = text(fields, 'S3Bucket');
  const key = text(fields, 'S3Key');
  if (inline && (bucket || key))
    throw invalid('Please do not provide other FunctionCode parameters when providing a ZipFile.');
  if (inline) {
    if (inline.length === 0) throw invalid('Uploaded file must be a non-empty zip');
    checkZipped(inline.length);
    return service.store.keep(inline);
  }
  if (!bucket || !key) throw invalid('Please provide a source for function code.');
  return service.store.keep(await readObject(service, bucket, key, text(fields, 'S3ObjectVersion')));
}

async function readObject(service: Service, bucket: string, key: string, version?: string): Promise<Buffer> {
  try {
    const { path } = await service.objects.read(bucket, key, version);
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    throw invalid(
      `Error occurred while GetObject. S3 Error Code: ${code ?? 'InternalError'}. S3 Error Message: ${message}`,
    );
  }
}
