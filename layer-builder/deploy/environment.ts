/** The function's environment: configuration with `${env:NAME}` filled in, checked against Lambda's limit. */
import { fail } from '../errors.ts';

/** Bytes of names and values together. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const environmentLimitBytes = 4096;

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Fills in every `${env:NAME}` from the deployer's own environment. `${ssm:…}` passes through: the app
 * resolves it at run time, so the secret never is in the function's configuration.
 *
 * Throws `ENVIRONMENT_MISSING` naming every variable that is not set, `ENVIRONMENT_TOO_LARGE` above 4,096
 * bytes. Values appear in neither.
 */
export function fillEnvironment(
  configured: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const missing = new Set<string>();
  const filled = Object.entries(configured).map(([name, value]) => {
    const text = value.replace(reference, (_, variable: string) => {
      const found = env[variable];
      if (found === undefined || found === '') missing.add(variable);
      return found ?? '';
    });
    return [name, text] as const;
  });
  if (missing.size > 0) {
    const names = [...missing].join(', ');
    fail(
      'ENVIRONMENT_MISSING',
      `the configuration refers to variables that are not set (expected ${names}, found nothing)`,
      {
        hint: `export ${names} before you deploy, or change function.environment in the configuration`,
        details: { missing: [...missing] },
      },
    );
  }
  const environment = Object.fromEntries(filled);
  // the deployer adds one of its own, in the longest form that it has
  const bytes = sizeOfEnvironment({ ...environment, DEPS_SOURCE: 'layer' });
  if (bytes > environmentLimitBytes) {
    fail(
      'ENVIRONMENT_TOO_LARGE',
      `the environment is too large (expected at most ${environmentLimitBytes} bytes, found ${bytes} bytes)`,
      {
        hint: 'move large values to SSM parameters and refer to them as ${ssm:/path}',
        details: { limitBytes: environmentLimitBytes, foundBytes: bytes },
      },
    );
  }
  return environment;
}

function sizeOfEnvironment(environment: Readonly<Record<string, string>>): number {
  return Object.entries(environment).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
