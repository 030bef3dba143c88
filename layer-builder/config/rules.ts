/** What each key of the configuration may hold. Limits are those of Lambda. */
import { artifactNamePattern } from '../../artifact/layout.ts';
import { architectures, runtimes } from '../../artifact/lock.ts';
import { deployModes, packageForms } from '../types.ts';
import { ascending, falseOr, flag, list, map, object, oneOf, oneOfNumbers, text, whole } from './check.ts';

/** npm's grammar, old capital letters included; no path can hide in it. */
export const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;

export const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Regions become part of a host's name. */
export const regionPattern = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** Stages become part of the name of a function, a role and a channel. */
export const stagePattern = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,31}$/;

const packages = list(text('the name of a package', packageName));
const assets = list(text('the path of a file or folder in the project', /^(?!\/)[^\0\\]+$/));
const variable = text('a text', /^[^\0]*$/);

// https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
const cors = object({
  allowOrigins: list(text('an origin or *')),
  allowMethods: list(oneOf(['GET', 'PUT', 'HEAD', 'POST', 'PATCH', 'DELETE', '*'])),
  allowHeaders: list(text('the name of a header')),
  exposeHeaders: list(text('the name of a header')),
  maxAge: whole(0, 86_400, 'seconds'),
  allowCredentials: flag(),
});

/** Days that CloudWatch takes. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentions = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

const functionKeys = {
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  memory: whole(128, 10_240, 'MB'),
  timeout: whole(1, 900, 'seconds'),
  tmp: whole(512, 10_240, 'MB'),
  environment: map(/^[a-zA-Z][a-zA-Z0-9_]+$/, 'a name that Lambda accepts for a variable', variable),
  role: text('the ARN of a role', /^arn:[a-z-]+:iam::\d{12}:role\/.+$/),
  createRole: flag(),
  logRetention: oneOfNumbers(retentions, 'days'),
  shift: ascending(1, 99, 'percent'),
  bake: whole(1, 86_400, 'seconds'),
  alarms: list(text('the name of a CloudWatch alarm', /^[^\0]{1,255}$/)),
  url: falseOr(object({ auth: oneOf(['NONE', 'AWS_IAM']), cors })),
  mode: oneOf(deployModes),
  tracing: oneOf(['Active', 'PassThrough']),
  reservedConcurrency: whole(0, 100_000, 'executions'),
  tags: map(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u, 'a name that AWS accepts for a tag', variable),
  smoke: list(text('a path that starts with /', /^\/[!-~]*$/)),
};

export const configRules = object({
  $schema: text(),
  service: text('letters, digits, - and _, at most 64', /^[a-zA-Z0-9-_]{1,64}$/),
  app: text('the path of a file'),
  runtime: oneOf(runtimes),
  architecture: oneOf(architectures),
  artifacts: map(
    artifactNamePattern,
    'an artifact name (a-z, 0-9 and -, at most 32)',
    object({ load: oneOf(['eager', 'lazy']), layer: flag(), include: packages, exclude: packages, assets }),
  ),
  include: packages,
  exclude: packages,
  forms: map(packageName, 'the name of a package', oneOf(packageForms)),
  compileCache: flag(),
  sourceMaps: flag(),
  bucket: text('the name of a bucket', bucketPattern),
  regions: list(text('a region such as eu-west-1', regionPattern)),
  prefix: text('a key prefix without leading slash', /^(?!\/)[A-Za-z0-9!_.*'()/-]*$/),
  layerName: text(
    'letters, digits, -, _, {service} and {artifact}',
    /^([a-zA-Z0-9-_]|\{service\}|\{artifact\})+$/,
  ),
  function: object(functionKeys),
  stages: map(stagePattern, 'the name of a stage (letters, digits and -, at most 32)', object(functionKeys)),
});
