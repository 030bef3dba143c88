/** The environment variables and the command line that a function's process gets: Lambda's, and nothing of the host's. */
import { join } from 'node:path';
import type { View } from './types.ts';

/** Everything fixed about one version of a function that its environments need to know. */
export interface FunctionSpec {
  readonly name: string;
  readonly version: string;
  /** ARN of the role whose credentials it gets. */
  readonly role: string;
  readonly handler: string;
  readonly runtime: string;
  readonly memoryMb: number;
  readonly timeoutS: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logFormat: 'Text' | 'JSON';
  readonly logLevel?: string | undefined;
  readonly logGroup: string;
  readonly region: string;
  /** Address of this server, for AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly nodeVersion: string;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Lambda's variables, then the function's own, which may replace those that Lambda does not reserve.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function functionVariables(
  spec: FunctionSpec,
  view: View,
  facts: { runtimeApi: string; logStream: string; credentials: SessionCredentials },
): Record<string, string> {
  const major = /\d+/.exec(spec.runtime)?.[0] ?? '';
  const node = view.opt === '/opt' ? '/var/lang/bin' : join(view.node, '..');
  return {
    AWS_ENDPOINT_URL: spec.endpoint,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
    LANG: 'en_US.UTF-8',
    LD_LIBRARY_PATH: [
      ...['/var/lang/lib', '/lib64', '/usr/lib64', view.runtime, `${view.runtime}/lib`],
      ...[view.task, `${view.task}/lib`, `${view.opt}/lib`],
    ].join(':'),
    NODE_PATH: [
      ...[`${view.opt}/nodejs/node${major}/node_modules`, `${view.opt}/nodejs/node_modules`],
      ...[`${view.runtime}/node_modules`, view.runtime, view.task],
    ].join(':'),
    PATH: `${node}:/usr/local/bin:/usr/bin:/bin:${view.opt}/bin`,
    TZ: ':UTC',
    // A plain process has no /opt and no /tmp of its own: the loader of this project takes other places from here.
    ...(view.opt === '/opt' ? {} : { DEPS_LAYER_ROOT: view.opt, DEPS_DIR: join(view.tmp, 'deps') }),
    ...spec.variables,
    _HANDLER: spec.handler,
    AWS_ACCESS_KEY_ID: facts.credentials.accessKeyId,
    AWS_DEFAULT_REGION: spec.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: facts.logStream,
    ...(spec.logFormat === 'JSON' ? { AWS_LAMBDA_LOG_FORMAT: 'JSON' } : {}),
    ...(spec.logLevel ? { AWS_LAMBDA_LOG_LEVEL: spec.logLevel } : {}),
    AWS_LAMBDA_RUNTIME_API: facts.runtimeApi,
    AWS_REGION: spec.region,
    AWS_SECRET_ACCESS_KEY: facts.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: facts.credentials.sessionToken,
    LAMBDA_RUNTIME_DIR: view.runtime,
    LAMBDA_TASK_ROOT: view.task,
  };
}

/**
 * Node as Lambda's bootstrap starts it. A heap of 90 % and a young generation of 5 % of the memory, unless
 * NODE_OPTIONS says otherwise; `require` of ES modules off, unless NODE_OPTIONS turns it on.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-experimental-features
 */
export function functionCommand(
  spec: Pick<FunctionSpec, 'runtime' | 'memoryMb' | 'variables'>,
  view: Pick<View, 'node' | 'runtime'>,
): string[] {
  const options = (spec.variables['NODE_OPTIONS'] ?? '').replaceAll('_', '-');
  const young = Math.floor(spec.memoryMb / 10);
  const flags = ['--expose-gc', '--max-http-header-size=81920'];
  if (!/--max-(semi|old)-space-size/.test(options)) {
    flags.push(
      `--max-semi-space-size=${Math.floor(young / 2)}`,
      `--max-old-space-size=${spec.memoryMb - young}`,
    );
  }
  if (!options.includes('--experimental-require-module')) flags.push('--no-experimental-require-module');
  if (spec.runtime === 'nodejs22.x' && !options.includes('--experimental-detect-module')) {
    flags.push('--no-experimental-detect-module');
  }
  const wrapper = spec.variables['AWS_LAMBDA_EXEC_WRAPPER'];
  return [...(wrapper ? [wrapper] : []), view.node, ...flags, `${view.runtime}/index.mjs`];
}
