/** What a person can do in the console: call a function, and make the things happen that a loader must survive. */
import { readFileSync } from 'node:fs';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { waitUntilReady } from '../aws/function-read.ts';
import { publishVersion } from '../aws/functions.ts';
import { liveAlias } from '../deploy/types.ts';
import { fail } from '../errors.ts';
import { builtFile } from './built.ts';
import type { ConsoleAws } from './world.ts';

export interface ConsoleTools extends ConsoleAws {
  /** Shuts down a function's execution environments. */
  readonly endEnvironments: (functionName: string) => Promise<void>;
  /** What the functions want in a header; undefined for none. */
  readonly key: { readonly name: string; readonly value: string } | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** By name, as the page sends them. */
export const consoleActions: Readonly<
  Record<string, (tools: ConsoleTools, fields: Fields) => Promise<unknown>>
> = {
  invoke,
  kill: (tools, fields) => tools.endEnvironments(text(fields, 'function')),
  corrupt,
  delete: removeObject,
  restore,
  layer: attachLayer,
};

/** One GET through Lambda itself, so that the answer comes with the function's log. */
async function invoke(tools: ConsoleTools, fields: Fields) {
  const [rawPath = '/', rawQueryString = ''] = text(fields, 'path').split('?', 2);
  const headers = { host: 'console', ...(tools.key && { [tools.key.name]: tools.key.value }) };
  const event = {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers,
    requestContext: { http: { method: 'GET', path: rawPath, sourceIp: '127.0.0.1' }, stage: '$default' },
    isBase64Encoded: false,
  };
  const answer = await tools.lambda.send(
    new InvokeCommand({
      FunctionName: text(fields, 'function'),
      Qualifier: liveAlias,
      LogType: 'Tail',
      Payload: JSON.stringify(event),
    }),
  );
  const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString());
  return {
    status: payload.statusCode ?? answer.FunctionError,
    headers: payload.headers ?? {},
    body: payload.isBase64Encoded ? `${payload.body.length} characters of base64` : (payload.body ?? payload),
  };
}

/** Flips one bit in the middle, as a rotten disk would; the object's name still promises the old bytes. */
async function corrupt({ s3, bucket }: ConsoleTools, fields: Fields) {
  const at = { Bucket: bucket, Key: text(fields, 'key') };
  const object = await s3.send(new GetObjectCommand(at));
  const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await s3.send(new PutObjectCommand({ ...at, Body: bytes }));
  return { corrupted: at.Key, byte: middle };
}

async function removeObject({ s3, bucket }: ConsoleTools, fields: Fields) {
  const key = text(fields, 'key');
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  return { deleted: key };
}

/** Puts back the bytes of the last build. */
async function restore({ s3, bucket, project }: ConsoleTools, fields: Fields) {
  const key = text(fields, 'key');
  const file = builtFile(project, key);
  if (file === undefined) {
    return fail('BUILD_NOT_FOUND', `the last build holds no bytes for ${key}`, {
      hint: 'run npm start again',
    });
  }
  const Body = readFileSync(file);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ChecksumAlgorithm: 'SHA256' }));
  return { restored: key };
}

/** Attaches a layer version in place of another of the layer (or no layers) to the live version, which takes a new version of the function. */
async function attachLayer(tools: ConsoleTools, fields: Fields) {
  const name = text(fields, 'function');
  const arn = String(fields['arn'] ?? '');
  const now = await tools.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  const layerOf = (version: string) => version.slice(0, version.lastIndexOf(':'));
  const others = (now.Layers ?? []).flatMap(({ Arn = '' }) => (layerOf(Arn) === layerOf(arn) ? [] : [Arn]));
  const layers = arn === '' ? [] : [...others, arn];
  await tools.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Layers: layers }));
  const { RevisionId = '' } = await waitUntilReady(tools, name);
  const version = await publishVersion(tools, name, now.CodeSha256 ?? '', RevisionId);
  await tools.lambda.send(
    new UpdateAliasCommand({ FunctionName: name, Name: liveAlias, FunctionVersion: version }),
  );
  return { version, layers: arn === '' ? [] : [arn] };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  return fail('USAGE', `the field ${name} is missing (expected a text, found ${typeof value})`);
}
