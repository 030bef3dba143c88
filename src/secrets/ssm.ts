/** Resolves `${ssm:/path}`: AWS's Parameters and Secrets extension if it listens, else the SDK of the runtime. */
import { request } from 'node:http';
import { createRequire } from 'node:module';
import type { Settings } from '../settings.ts';

/** What is used of `@aws-sdk/client-ssm`; the package is the runtime's own and is never packaged. */
interface SsmModule {
  readonly SSMClient: new (
    options: object,
  ) => {
    send(command: unknown, options: object): Promise<{ Parameter?: { Value?: string } }>;
  };
  readonly GetParameterCommand: new (input: { Name: string; WithDecryption: boolean }) => unknown;
}

/** Milliseconds for one lookup. */
const deadline = 3000;

/** Fetches the value of one parameter, decrypted. Throws an Error without the value when neither way gives one. */
export async function resolveParameter(path: string, extension: Settings['extension']): Promise<string> {
  const value = (await fromExtension(path, extension)) ?? (await fromSdk(path));
  if (value === undefined || value === '') throw new Error(`the parameter ${path} has no value`);
  return value;
}

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html */
function fromExtension(path: string, extension: Settings['extension']): Promise<string | undefined> {
  const query = `name=${encodeURIComponent(path)}&withDecryption=true`;
  const headers = { 'X-Aws-Parameters-Secrets-Token': extension.token ?? '' };
  const options = {
    host: '127.0.0.1',
    port: extension.port,
    path: `/systemsmanager/parameters/get?${query}`,
    headers,
  };
  return new Promise((resolve, reject) => {
    const req = request({ ...options, signal: AbortSignal.timeout(deadline) }, async res => {
      try {
        const text = Buffer.concat(await res.take(64).toArray()).toString('utf8');
        if (res.statusCode !== 200) throw new Error(`the extension answered ${res.statusCode} for ${path}`);
        const parsed = JSON.parse(text) as { Parameter?: { Value?: string } };
        resolve(parsed.Parameter?.Value);
      } catch (error) {
        reject(error);
      }
    });
    // Nothing listens: the function has no such extension.
    req.on('error', error =>
      'code' in error && error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error),
    );
    req.end();
  });
}

async function fromSdk(path: string): Promise<string | undefined> {
  const { SSMClient, GetParameterCommand } = await importSdk();
  const client = new SSMClient({ maxAttempts: 2 });
  const command = new GetParameterCommand({ Name: path, WithDecryption: true });
  const answer = await client.send(command, { abortSignal: AbortSignal.timeout(deadline) });
  return answer.Parameter?.Value;
}

/** The name stays out of an import expression, so that no bundler packs it; NODE_PATH reaches `require` everywhere. */
async function importSdk(): Promise<SsmModule> {
  const name = ['@aws-sdk', 'client-ssm'].join('/');
  try {
    return (await import(name)) as SsmModule;
  } catch {
    return createRequire(import.meta.url)(name) as SsmModule;
  }
}
