/** Lambda's limits, each with the error name and words of AWS. Nothing is invoked. */
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import { type Bench, createFunction, openBench, role, zipOf } from '../support.ts';

let bench: Bench;
let zip: Buffer;
let layers: string[];

test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
  zip = await zipOf({ 'index.mjs': 'export const handler = async () => 1;' });
  layers = [];
  for (let number = 1; number <= 6; number++) {
    const answer = await bench.lambda.send(
      new PublishLayerVersionCommand({
        LayerName: `layer-${number}`,
        Content: { ZipFile: await zipOf({ [`${number}`]: 'x' }) },
      }),
    );
    layers.push(answer.LayerVersionArn ?? '');
  }
  await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'layer-1', Content: { ZipFile: zip } }),
  );
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A zip whose directory says that its one file has `size` bytes: what counts is what it says, until it is unpacked. */
function claiming(size: number): Buffer {
  const name = Buffer.from('a');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(1, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(size, 24);
  central.writeUInt16LE(1, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(47, 12);
  end.writeUInt32LE(31, 16);
  return Buffer.concat([local, name, central, name, end]);
}

type Row = readonly [
  title: string,
  input: () => Partial<CreateFunctionCommandInput>,
  name: string,
  message: RegExp,
];

const invalid = 'InvalidParameterValueException';
const rows: readonly Row[] = [
  ['six layers', () => ({ Layers: layers }), invalid, /^Cannot reference more than 5 layers\.$/],
  [
    'one layer twice',
    () => ({ Layers: [layers[0] ?? '', (layers[0] ?? '').replace(/1$/, '2')] }),
    invalid,
    /^Two different versions of the same layer are not allowed/,
  ],
  [
    'a layer that is not there',
    () => ({ Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:none:1'] }),
    invalid,
    /^Layer version arn:\S+ does not exist\.$/,
  ],
  [
    'a layer of another region',
    () => ({ Layers: ['arn:aws:lambda:eu-west-1:000000000000:layer:none:1'] }),
    invalid,
    /^Layers are not in the same region as the function\. Layers are expected to be in region us-east-1\.$/,
  ],
  [
    '4,097 bytes of environment',
    () => ({ Environment: { Variables: { AB: 'x'.repeat(4095) } } }),
    invalid,
    /exceeded the 4KB limit/,
  ],
  [
    'a variable that is Lambda’s',
    () => ({ Environment: { Variables: { AWS_REGION: 'x' } } }),
    invalid,
    /reserved keys .*: AWS_REGION$/,
  ],
  [
    'a variable with an odd name',
    () => ({ Environment: { Variables: { 'A-B': 'x' } } }),
    'ValidationException',
    /environment\.variables/,
  ],
  [
    'more than 262,144,000 bytes unzipped',
    () => ({ Code: { ZipFile: claiming(262_144_001) } }),
    invalid,
    /^Unzipped size must be smaller than 262144000 bytes$/,
  ],
  [
    'bytes that are no zip',
    () => ({ Code: { ZipFile: Buffer.from('no zip at all') } }),
    invalid,
    /^Could not unzip uploaded file\./,
  ],
  ['no code', () => ({ Code: { ZipFile: Buffer.alloc(0) } }), invalid, /non-empty zip/],
  ['a container image', () => ({ Code: { ImageUri: 'x' } }), invalid, /container images/],
  [
    '127 MB',
    () => ({ MemorySize: 127 }),
    'ValidationException',
    /'memorySize'.*greater than or equal to 128/,
  ],
  ['10,241 MB', () => ({ MemorySize: 10_241 }), 'ValidationException', /less than or equal to 10240/],
  ['901 seconds', () => ({ Timeout: 901 }), 'ValidationException', /'timeout'.*less than or equal to 900/],
  [
    '511 MB of /tmp',
    () => ({ EphemeralStorage: { Size: 511 } }),
    'ValidationException',
    /greater than or equal to 512/,
  ],
  ['a closed runtime', () => ({ Runtime: 'nodejs20.x' }), invalid, /nodejs20\.x is no longer supported/],
  [
    'a runtime that does not run here',
    () => ({ Runtime: 'python3.13' }),
    invalid,
    /^Value python3\.13 at 'runtime' failed .*the runtimes of local-aws/,
  ],
  [
    'a name with a space',
    () => ({ FunctionName: 'a b' }),
    'ValidationException',
    /'functionName' failed to satisfy constraint/,
  ],
  [
    'a name of 65 characters',
    () => ({ FunctionName: 'x'.repeat(65) }),
    invalid,
    /'functionName' failed to satisfy constraint: Member must have length less than or equal to 64$/,
  ],
  ['a name that climbs', () => ({ FunctionName: '../../etc' }), 'ValidationException', /functionName/],
  ['a role that is none', () => ({ Role: 'me' }), 'ValidationException', /'role'/],
  ['a handler with a space', () => ({ Handler: 'a b' }), 'ValidationException', /'handler'/],
  [
    'two architectures',
    () => ({ Architectures: ['x86_64', 'arm64'] }),
    'ValidationException',
    /^1 validation error detected: Value '\[x86_64, arm64\]' at 'architectures' .* length less than or equal to 1$/,
  ],
  [
    'an architecture in capitals',
    () => ({ Architectures: ['X86_64' as 'x86_64'] }),
    'ValidationException',
    /'\[X86_64\]' at 'architectures' .*enum value set: \[x86_64, arm64\], Member must not be null\]$/,
  ],
];

for (const [index, [title, input, name, message]] of rows.entries()) {
  test(`${title}: ${name}`, async t => {
    const command = new CreateFunctionCommand({
      FunctionName: `limited-${index}`,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: zip },
      ...input(),
    });
    await t.throwsAsync(bench.lambda.send(command), { name, message });
  });
}

test('a function and its layers together may not pass 262,144,000 bytes', async t => {
  const { LayerVersionArn: arn = '' } = await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'large', Content: { ZipFile: claiming(262_144_000) } }),
  );
  await createFunction(bench.lambda, 'together');
  await t.throwsAsync(
    bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'together', Layers: [arn] })),
    {
      name: invalid,
      message:
        /^Function code combined with layers exceeds the maximum allowed size of 262144000 bytes\. The actual size is 2621440\d\d bytes\.$/,
    },
  );
});

test('a zip of more than 52,428,800 bytes is refused as too large, though its request is not', async t => {
  const input = { LayerName: 'large', Content: { ZipFile: Buffer.alloc(52_428_801) } };
  await t.throwsAsync(bench.lambda.send(new PublishLayerVersionCommand(input)), {
    name: 'RequestEntityTooLargeException',
    message: 'Zipped size must be smaller than 52428800 bytes',
  });
});

test('a request of more than 70,167,211 bytes is refused as too large', async t => {
  await t.throwsAsync(
    bench.lambda.send(
      new PublishLayerVersionCommand({ LayerName: 'huge', Content: { ZipFile: Buffer.alloc(52_700_000) } }),
    ),
    {
      name: 'RequestEntityTooLargeException',
      message: /Request must be smaller than 70167211 bytes for the PublishLayerVersion operation/,
    },
  );
});

test('exactly 4,096 bytes of environment and five layers are accepted', async t => {
  await createFunction(bench.lambda, 'at-the-limit', {
    Environment: { Variables: { AB: 'x'.repeat(4094) } },
    Layers: layers.slice(0, 5),
  });
  t.pass();
});
