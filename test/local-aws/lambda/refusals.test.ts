/**
 * What the control plane refuses, in AWS's own names and words. Nearly all are what AWS answered to LocalStack's tests, which
 * keep it (tests/aws/services/lambda_/test_lambda_api.snapshot.json there); where AWS's words are not known, or list every
 * runtime and region, a pattern holds what is certain. Nothing is invoked.
 */
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  GetPolicyCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  ListFunctionUrlConfigsCommand,
  ListLayersCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import { type Bench, createFunction, openBench, untilReady, zipOf } from '../support.ts';

let bench: Bench;
const f = { FunctionName: 'f' };
const none = { FunctionName: 'none' };
const arn = 'arn:aws:lambda:us-east-1:000000000000:function';
const layerArn = 'arn:aws:lambda:us-east-1:000000000000:layer';
const statement = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: '*' };

test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
  const { lambda } = bench;
  await createFunction(lambda, 'f');
  await lambda.send(new PublishVersionCommand(f));
  await lambda.send(new UpdateFunctionConfigurationCommand({ ...f, Timeout: 7 }));
  await untilReady(lambda, 'f');
  await lambda.send(new PublishVersionCommand(f));
  await lambda.send(new CreateAliasCommand({ ...f, Name: 'live', FunctionVersion: '1' }));
  await lambda.send(new AddPermissionCommand({ ...f, Qualifier: '1', ...statement }));
  const zip = await zipOf({ a: 'b' });
  await lambda.send(new PublishLayerVersionCommand({ LayerName: 'l', Content: { ZipFile: zip } }));
  const shared = { StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '*' };
  await lambda.send(new PublishLayerVersionCommand({ LayerName: 'l', Content: { ZipFile: zip } }));
  await lambda.send(new AddLayerVersionPermissionCommand({ LayerName: 'l', VersionNumber: 2, ...shared }));
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Any command: the SDK types each for itself alone. */
type Command = { readonly input: object };
type Row = readonly [title: string, name: string, message: string | RegExp, command: Command];

const absent = 'ResourceNotFoundException';
const invalid = 'InvalidParameterValueException';
const broken = 'ValidationException';
const noUrl = 'The resource you requested does not exist.';
const weights = (weight: Record<string, number>, FunctionVersion = '1') =>
  new CreateAliasCommand({
    ...f,
    ...{ Name: 'weighted', FunctionVersion, RoutingConfig: { AdditionalVersionWeights: weight } },
  });
const layer = (VersionNumber: number, LayerName = 'l') => ({ LayerName, VersionNumber });
const config = (more: object) => new PutFunctionEventInvokeConfigCommand({ ...f, ...more });

const rows: readonly Row[] = [
  [
    'a qualifier that contradicts the name',
    invalid,
    'The derived qualifier from the function name does not match the specified qualifier.',
    new GetFunctionCommand({ FunctionName: 'f:1', Qualifier: '2' }),
  ],
  [
    'a function of another region',
    absent,
    "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    new GetFunctionCommand({ FunctionName: 'arn:aws:lambda:eu-west-1:000000000000:function:f' }),
  ],
  [
    'a function of another account',
    'AccessDeniedException',
    /another account/,
    new GetFunctionCommand({ FunctionName: 'arn:aws:lambda:us-east-1:111111111111:function:f' }),
  ],
  [
    'a version that is not there',
    absent,
    `Function not found: ${arn}:f:42`,
    new GetFunctionCommand({ ...f, Qualifier: '42' }),
  ],
  [
    'deleting a version of no function',
    absent,
    `Function not found: ${arn}:none`,
    new DeleteFunctionCommand({ ...none, Qualifier: '42' }),
  ],
  [
    'deleting $LATEST alone',
    invalid,
    '$LATEST version cannot be deleted without deleting the function.',
    new DeleteFunctionCommand({ ...f, Qualifier: '$LATEST' }),
  ],
  [
    'a list of some other versions',
    broken,
    /^1 validation error detected: Value 'some' at 'functionVersion' .*: \[ALL\]$/,
    new ListFunctionsCommand({ FunctionVersion: 'some' as 'ALL' }),
  ],
  [
    'an alias that is there',
    'ResourceConflictException',
    `Alias already exists: ${arn}:f:live`,
    new CreateAliasCommand({ ...f, Name: 'live', FunctionVersion: '1' }),
  ],
  [
    'an alias that is a number',
    broken,
    "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    new CreateAliasCommand({ ...f, Name: '2024', FunctionVersion: '1' }),
  ],
  [
    'an alias of no function',
    absent,
    `Function not found: ${arn}:none:1`,
    new CreateAliasCommand({ ...none, Name: 'live', FunctionVersion: '1' }),
  ],
  [
    'an alias of no version',
    absent,
    `Function not found: ${arn}:f:42`,
    new CreateAliasCommand({ ...f, Name: 'next', FunctionVersion: '42' }),
  ],
  [
    'moving an alias that is not there',
    absent,
    `Alias not found: ${arn}:f:none`,
    new UpdateAliasCommand({ ...f, Name: 'none', FunctionVersion: '1' }),
  ],
  [
    'two more versions behind an alias',
    invalid,
    'Number of items in AdditionalVersionWeights cannot be greater than 1',
    weights({ 1: 0.1, 2: 0.1 }),
  ],
  [
    'a weight of 2',
    broken,
    "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    weights({ 2: 2 }),
  ],
  [
    'a weight of $LATEST',
    broken,
    "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
    weights({ $LATEST: 0.5 }),
  ],
  [
    'a weight beside $LATEST',
    invalid,
    '$LATEST is not supported for an alias pointing to more than 1 version',
    weights({ 1: 0.5 }, '$LATEST'),
  ],
  [
    'a weight of the version itself',
    invalid,
    'Invalid function version 1. Function version 1 is already included in routing configuration.',
    weights({ 1: 0.5 }),
  ],
  [
    'a permission for $LATEST',
    invalid,
    'We currently do not support adding policies for $LATEST.',
    new AddPermissionCommand({ ...f, ...statement, Qualifier: '$LATEST' }),
  ],
  [
    'a permission for nobody',
    invalid,
    'The provided principal was invalid. Please check the principal and try again.',
    new AddPermissionCommand({ ...f, ...statement, Principal: 'example.com' }),
  ],
  [
    'a permission with a name that is none',
    broken,
    "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
    new AddPermissionCommand({ ...f, ...statement, StatementId: 'example.com' }),
  ],
  [
    'a permission of the same name',
    'ResourceConflictException',
    'The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.',
    new AddPermissionCommand({ ...f, ...statement, Qualifier: '1' }),
  ],
  [
    'a permission on no alias',
    absent,
    `Cannot find alias arn: ${arn}:f:none`,
    new AddPermissionCommand({ ...f, ...statement, Qualifier: 'none' }),
  ],
  ['the policy of no function', absent, noUrl, new GetPolicyCommand(none)],
  ['the policy that a function has not', absent, noUrl, new GetPolicyCommand(f)],
  [
    'the policy of a version that is not there',
    absent,
    noUrl,
    new GetPolicyCommand({ ...f, Qualifier: '77' }),
  ],
  [
    'taking a permission from where none is',
    absent,
    'No policy is associated with the given resource.',
    new RemovePermissionCommand({ ...f, StatementId: 's' }),
  ],
  [
    'taking a permission that is not there',
    absent,
    'Statement other is not found in resource policy.',
    new RemovePermissionCommand({ ...f, Qualifier: '1', StatementId: 'other' }),
  ],
  [
    'taking a permission from no function',
    absent,
    `No policy found for: ${arn}:none`,
    new RemovePermissionCommand({ ...none, StatementId: 's' }),
  ],
  [
    'a URL of no function',
    absent,
    'Function does not exist',
    new CreateFunctionUrlConfigCommand({ ...none, AuthType: 'NONE' }),
  ],
  [
    'a URL of no alias',
    absent,
    'Function does not exist',
    new CreateFunctionUrlConfigCommand({ ...f, Qualifier: 'none', AuthType: 'NONE' }),
  ],
  [
    'a URL of a version',
    broken,
    "1 validation error detected: Value '1' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)",
    new CreateFunctionUrlConfigCommand({ ...f, Qualifier: '1', AuthType: 'NONE' }),
  ],
  [
    'a URL of $LATEST by name',
    broken,
    /Value '\$LATEST' at 'qualifier'/,
    new GetFunctionUrlConfigCommand({ ...f, Qualifier: '$LATEST' }),
  ],
  ['reading a URL that is not there', absent, noUrl, new GetFunctionUrlConfigCommand(f)],
  ['deleting a URL that is not there', absent, noUrl, new DeleteFunctionUrlConfigCommand(f)],
  ['the URLs of no function', absent, 'Function does not exist', new ListFunctionUrlConfigsCommand(none)],
  [
    'an event configuration of nothing',
    invalid,
    'You must specify at least one of error handling or destination setting.',
    config({}),
  ],
  [
    'an event configuration of no function',
    absent,
    "The function doesn't exist.",
    new PutFunctionEventInvokeConfigCommand({ ...none, MaximumRetryAttempts: 1 }),
  ],
  ['three more attempts', broken, /'maximumRetryAttempts'.* 2$/, config({ MaximumRetryAttempts: 3 })],
  [
    'an event older than six hours',
    broken,
    /'maximumEventAgeInSeconds'.* 21600$/,
    config({ MaximumEventAgeInSeconds: 21_601 }),
  ],
  [
    'a function as its own destination',
    invalid,
    "You can't specify the function as a destination for itself.",
    config({ DestinationConfig: { OnFailure: { Destination: `${arn}:f` } } }),
  ],
  [
    'a destination that is not there',
    invalid,
    `The destination ARN ${arn}:none is invalid.`,
    config({ DestinationConfig: { OnSuccess: { Destination: `${arn}:none` } } }),
  ],
  [
    'reading an event configuration that is not there',
    absent,
    `The function ${arn}:f:$LATEST doesn't have an EventInvokeConfig`,
    new GetFunctionEventInvokeConfigCommand(f),
  ],
  [
    'changing an event configuration that is not there',
    absent,
    `The function ${arn}:f:live doesn't have an EventInvokeConfig`,
    new UpdateFunctionEventInvokeConfigCommand({ ...f, Qualifier: 'live', MaximumRetryAttempts: 1 }),
  ],
  [
    'deleting an event configuration that is not there',
    absent,
    `The function ${arn}:none:$LATEST doesn't have an EventInvokeConfig`,
    new DeleteFunctionEventInvokeConfigCommand(none),
  ],
  [
    'the event configurations of no function',
    absent,
    "The function doesn't exist.",
    new ListFunctionEventInvokeConfigsCommand(none),
  ],
  [
    'concurrency of an alias',
    invalid,
    /^This operation is permitted on Lambda functions only\. Aliases and versions do not support this operation\./,
    new PutFunctionConcurrencyCommand({ FunctionName: 'f:live', ReservedConcurrentExecutions: 1 }),
  ],
  [
    'more concurrency than the account has',
    invalid,
    /^Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below/,
    new PutFunctionConcurrencyCommand({ ...f, ReservedConcurrentExecutions: 5000 }),
  ],
  [
    'tags of an alias',
    invalid,
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    new TagResourceCommand({ Resource: `${arn}:f:live`, Tags: { a: 'b' } }),
  ],
  [
    'tags of no function',
    absent,
    `Function not found: ${arn}:none`,
    new ListTagsCommand({ Resource: `${arn}:none` }),
  ],
  [
    'tags of something else',
    broken,
    /^1 validation error detected: Value 'arn:aws:something' at 'resource'/,
    new TagResourceCommand({ Resource: 'arn:aws:something', Tags: { a: 'b' } }),
  ],
  [
    'no tags',
    invalid,
    'An error occurred and the request cannot be processed.',
    new TagResourceCommand({ Resource: `${arn}:f`, Tags: {} }),
  ],
  [
    'taking no tags',
    broken,
    "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    new UntagResourceCommand({ Resource: `${arn}:f`, TagKeys: [] }),
  ],
  [
    '51 tags',
    invalid,
    'Number of tags exceeds resource tag limit.',
    new TagResourceCommand({
      Resource: `${arn}:f`,
      Tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, ''])),
    }),
  ],
  [
    'version 0 of a layer',
    invalid,
    'Layer Version Cannot be less than 1',
    new GetLayerVersionCommand(layer(0)),
  ],
  [
    'a layer for no architecture',
    broken,
    /'\[none\]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: \[Member/,
    new PublishLayerVersionCommand({
      ...{ LayerName: 'odd', Content: { ZipFile: Buffer.from('PK') } },
      CompatibleArchitectures: ['none' as 'arm64'],
    }),
  ],
  [
    'layers for no architecture',
    broken,
    "1 validation error detected: Value 'none' at 'compatibleArchitecture' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]",
    new ListLayersCommand({ CompatibleArchitecture: 'none' as 'arm64' }),
  ],
  [
    'a permission for more than getting a layer',
    broken,
    "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: lambda:GetLayerVersion",
    new AddLayerVersionPermissionCommand({ ...layer(1), StatementId: 's', Action: '*', Principal: '*' }),
  ],
  [
    'a permission on a layer with another revision',
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id',
    new AddLayerVersionPermissionCommand({
      ...{
        ...layer(2),
        StatementId: 't',
        Action: 'lambda:GetLayerVersion',
        Principal: '*',
        RevisionId: 'old',
      },
    }),
  ],
  [
    'the policy of a layer version that is not there',
    absent,
    `Layer version ${layerArn}:l:9 does not exist.`,
    new GetLayerVersionPolicyCommand(layer(9)),
  ],
  [
    'the policy that a layer version has not',
    absent,
    'No policy is associated with the given resource.',
    new GetLayerVersionPolicyCommand(layer(1)),
  ],
];

for (const [title, name, message, command] of rows) {
  test(`${title}: ${name}`, async t => {
    await t.throwsAsync(bench.lambda.send(command as never), { name, message });
  });
}
