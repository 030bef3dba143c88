/** Names of functions and layers in all the forms that the API accepts, and the ARNs it answers with. */
import { constraint, invalid } from './errors.ts';

export interface Place {
  readonly region: string;
  readonly account: string;
}

/** A function as the caller names it. `qualifier` is a version, `$LATEST` or an alias. */
export interface FunctionName {
  readonly name: string;
  readonly qualifier: string | undefined;
  /** As far as an ARN names them. */
  readonly region?: string | undefined;
  readonly account?: string | undefined;
}

const functionPattern =
  /^(?:arn:aws[\w-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([\w-]+)(?::(\$LATEST|[\w-]{1,128}))?$/;
const qualifierPattern = /^(\$LATEST(\.PUBLISHED)?|[\w-]{1,128})$/;
const layerPattern = /^(?:arn:aws[\w-]*:lambda:([\w-]+):(\d{12}):layer:)?([\w-]{1,140})$/;
const layerVersionPattern = /^arn:aws[\w-]*:lambda:([\w-]+):(\d{12}):layer:([\w-]{1,140}):(\d{1,9})$/;

/** Takes a name, a partial ARN or an ARN apart. Throws `ValidationException`, `InvalidParameterValueException`. */
export function parseFunctionName(text: string, qualifier?: string | null): FunctionName {
  if (text.length > 140) throw constraint(text, 'functionName', 'have length less than or equal to 140');
  const [, region, account, name, own] = functionPattern.exec(text) ?? [];
  if (!name) {
    throw constraint(text, 'functionName', `satisfy regular expression pattern: ${functionPattern.source}`);
  }
  if (name.length > 64) {
    // AWS finds this one later, and calls it otherwise.
    throw invalid(constraint(name, 'functionName', 'have length less than or equal to 64').message);
  }
  const wanted = qualifier ?? own;
  if (wanted !== undefined && !qualifierPattern.test(wanted)) {
    throw constraint(wanted, 'qualifier', `satisfy regular expression pattern: ${qualifierPattern.source}`);
  }
  if (own !== undefined && wanted !== own) {
    throw invalid('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { name, qualifier: wanted, region, account };
}

export function functionArn({ region, account }: Place, name: string, qualifier?: string): string {
  return `arn:aws:lambda:${region}:${account}:function:${name}${qualifier ? `:${qualifier}` : ''}`;
}

/** The name out of a layer's name or ARN. Throws `ValidationException`. */
export function parseLayerName(text: string): string {
  const name = layerPattern.exec(text)?.[3];
  if (!name)
    throw constraint(text, 'layerName', `satisfy regular expression pattern: ${layerPattern.source}`);
  return name;
}

export function layerArn({ region, account }: Place, name: string, version?: number): string {
  return `arn:aws:lambda:${region}:${account}:layer:${name}${version === undefined ? '' : `:${version}`}`;
}

/** Takes the ARN of a layer version apart, or answers undefined. */
export function parseLayerVersionArn(
  text: string,
): { region: string; account: string; name: string; version: number } | undefined {
  const [, region, account, name, version] = layerVersionPattern.exec(text) ?? [];
  return region && account && name ? { region, account, name, version: Number(version) } : undefined;
}
