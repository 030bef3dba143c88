/** What the edge is told by the environment: complete, readonly, every default filled in. Pure. */
import zlib from 'node:zlib';
import type { Level } from '../log.ts';
import { levels } from '../log.ts';

export const encodings = ['zstd', 'br', 'gzip'] as const;
export type Encoding = (typeof encodings)[number];

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const initializations = [
  'on-demand',
  'provisioned-concurrency',
  'snap-start',
  'lambda-managed-instances',
] as const;
export type InitializationType = (typeof initializations)[number];

export interface EdgeSettings {
  /** Dimension of every metric and field of every log line. */
  readonly service: string;
  /** `STAGE`: dimension of every metric. @default default */
  readonly stage: string;
  /** `METRICS_NAMESPACE`. @default the service */
  readonly namespace: string;
  /** `DEBUG=true`: debug lines and `x-debug-mode: true` on every answer. */
  readonly debug: boolean;
  /** `AWS_LAMBDA_LOG_LEVEL`; DEBUG lowers it. @default INFO */
  readonly level: Level;
  /** `AWS_LAMBDA_LOG_FORMAT`. @default JSON */
  readonly format: 'JSON' | 'Text';
  /** `EDGE_REDACT_HEADERS`: names, comma separated, whose values never reach a log, beside the built-in pattern. */
  readonly redactHeaders: readonly string[];
  /** Values of environment variables that hold secrets by their names: no log line shows them. */
  readonly secrets: readonly string[];
  /** `EDGE_STREAMING_URL`: where an answer over the limit can be had; told to the client with the 413. */
  readonly streamingUrl: string | undefined;
  /** `EDGE_COMPRESSION`: encodings to offer, best first, or `off`. @default zstd,br,gzip */
  readonly encodings: readonly Encoding[];
  /** `AWS_LAMBDA_INITIALIZATION_TYPE`. */
  readonly initialization: InitializationType;
}

const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
/** A reference is no secret, and a short value would blank half of every line. */
const secretValue = /^(?!\$\{).{6,}$/s;
/** Names that match `secretName` though their values are public. */
const publicName = /(?:_NAME|_ID|_URL|_URI|_FILE|_PATH|_PREFIX|_BUCKET|_REGION|_HEADERS?)$/i;

/** Reads the settings of the edge. Unknown values fall back to the default: a typo must not take the service down. */
export function readEdgeSettings(env: NodeJS.ProcessEnv, service: string): EdgeSettings {
  const debug = env['DEBUG']?.toLowerCase() === 'true';
  const level = env['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase();
  return {
    service,
    stage: env['STAGE'] || 'default',
    namespace: env['METRICS_NAMESPACE'] || service,
    debug,
    level: debug ? 'DEBUG' : (levels.find(name => name === level) ?? 'INFO'),
    format: env['AWS_LAMBDA_LOG_FORMAT']?.toLowerCase() === 'text' ? 'Text' : 'JSON',
    redactHeaders: [...list(env['EDGE_REDACT_HEADERS']), ...namedHeaders(env)],
    secrets: Object.entries(env).flatMap(([name, value]) => {
      const secret = secretName.test(name) && !publicName.test(name);
      return secret && value !== undefined && secretValue.test(value) ? [value] : [];
    }),
    streamingUrl: env['EDGE_STREAMING_URL'] || undefined,
    encodings: readEncodings(env['EDGE_COMPRESSION']),
    initialization: readInitialization(env['AWS_LAMBDA_INITIALIZATION_TYPE']),
  };
}

/** `…KEY__NAME=x-my-header` says which header carries a secret. */
function namedHeaders(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (headerName.test(name) ? list(value) : []));
}

const headerName = /(?:KEY|TOKEN|SECRET)_{1,2}(?:HEADER|NAME)$/i;

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(item => item !== '');
}

/** Node 22 has zstd since 22.15. */
const known = encodings.filter(
  encoding => encoding !== 'zstd' || typeof zlib.zstdCompressSync === 'function',
);

function readEncodings(text: string | undefined): readonly Encoding[] {
  if (text === undefined || text === '') return known;
  return list(text).flatMap(name => known.filter(encoding => encoding === name));
}

function readInitialization(text: string | undefined): InitializationType {
  return initializations.find(known => known === text) ?? 'on-demand';
}
