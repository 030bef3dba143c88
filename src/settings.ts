/** The one reader of the environment in src: text of the environment → typed, complete, readonly settings. */

export interface Settings {
  /** Name of the header and of the cookie that carry the key, lower case; absent or no HTTP token: closed. */
  readonly keyName: string | undefined;
  /** Texts of the environment, literal or `${ssm:/path}`: only `secrets/` turns them into values. */
  readonly keyValue: string | undefined;
  readonly previousKeyValue: string | undefined;
  readonly ipDataKey: string | undefined;
  readonly gitHubToken: string | undefined;
  readonly gitHubUrl: URL;
  readonly ipDataUrl: URL;
  readonly addressUrls: Readonly<Record<AddressSource, URL>>;
  /** Exact origins that browsers may call from; empty: cross-origin use is off. */
  readonly corsOrigins: readonly string[];
  /** Requests a second and key on routes that go upstream; 0: no limit of ours. */
  readonly ratePerSecond: number;
  readonly debug: boolean;
  readonly logLevel: LogLevel;
  /** The function's name in Lambda, else undefined. */
  readonly functionName: string | undefined;
  readonly inLambda: boolean;
  readonly extension: { readonly port: number; readonly token: string | undefined };
}

export type AddressSource = 'check_ip__amazon_aws' | 'if_config' | 'ip_ify' | 'ip_info';
export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

const levels: Readonly<Record<string, LogLevel>> = {
  TRACE: 'DEBUG',
  DEBUG: 'DEBUG',
  INFO: 'INFO',
  WARN: 'WARN',
  ERROR: 'ERROR',
  FATAL: 'ERROR',
};

/** Names of the address services and where they live; `<NAME>_URL` in the environment replaces one (tests do). */
const addressServices: Readonly<Record<AddressSource, readonly [name: string, url: string]>> = {
  check_ip__amazon_aws: ['CHECK_IP_URL', 'https://checkip.amazonaws.com'],
  if_config: ['IF_CONFIG_URL', 'https://ifconfig.me/ip'],
  ip_ify: ['IP_IFY_URL', 'https://api.ipify.org'],
  ip_info: ['IP_INFO_URL', 'https://ipinfo.io/ip'],
};

/** Reads every variable once. Never throws: an unusable value counts as absent, so that the app starts closed. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const debug = env['DEBUG'] === 'true';
  return {
    keyName: headerName(env['FAST_API__AUTH__API_KEY__NAME']),
    keyValue: text(env['FAST_API__AUTH__API_KEY__VALUE']),
    previousKeyValue: text(env['FAST_API__AUTH__API_KEY__VALUE__PREVIOUS']),
    ipDataKey: text(env['IP_DATA__API_KEY']),
    gitHubToken: text(env['GITHUB_TOKEN']),
    gitHubUrl: url(env['GITHUB_API_URL'], 'https://api.github.com'),
    ipDataUrl: url(env['IP_DATA_API_URL'], 'https://api.ipdata.co'),
    addressUrls: Object.fromEntries(
      Object.entries(addressServices).map(([source, [name, address]]) => [source, url(env[name], address)]),
    ) as Record<AddressSource, URL>,
    corsOrigins: (env['CORS_ALLOWED_ORIGINS'] ?? '').split(',').map(trim).filter(isOrigin),
    ratePerSecond: count(env['RATE_LIMIT_PER_SECOND'], 20),
    debug,
    logLevel: debug ? 'DEBUG' : (levels[env['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase() ?? ''] ?? 'INFO'),
    functionName: text(env['AWS_LAMBDA_FUNCTION_NAME']),
    inLambda: Boolean(env['AWS_LAMBDA_FUNCTION_NAME'] || env['AWS_LAMBDA_RUNTIME_API']),
    extension: {
      port: count(env['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'], 2773),
      token: text(env['AWS_SESSION_TOKEN']),
    },
  };
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

/** A field name as RFC 9110, section 5.1, has it; lower case, as Node hands headers on. */
function headerName(value: string | undefined): string | undefined {
  return value !== undefined && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(value)
    ? value.toLowerCase()
    : undefined;
}

function url(value: string | undefined, otherwise: string): URL {
  const found = value !== undefined && URL.canParse(value) ? new URL(value) : new URL(otherwise);
  return /^https?:$/.test(found.protocol) ? found : new URL(otherwise);
}

function count(value: string | undefined, otherwise: number): number {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : otherwise;
}

function trim(value: string): string {
  return value.trim();
}

/** `*` and `null` are no origins: neither can be told from a stranger's. */
function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}
