/** Names of functions and layers in all the forms that the API accepts, and the ARNs it answers with. */
import { constraint } from './errors.ts';

export interface Place {
  readonly region: string;
  readonly account: string;
}

/** A function as the caller names it. `qualifier` is a version, `$LATEST` or an alias. */
export interface FunctionName {
  readonly name: string;
  readonly qualifier: string | undefined;
}

const functionPattern =
  /^(?:arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:|\d{12}:function:|function:)?([\w-]{1,64})(?::(\$LATEST|[\w-]{1,128}))?$/;
const qualifierPattern = /^(\$LATEST(\.PUBLISHED)?|[\w-]{1,128})$/;
const layerPattern = /^(?:arn:aws[\w-]*:lambda:([\w-]+):(\d{12}):layer:)?([\w-]{1,140})$/;
const layerVersionPattern = /^arn:aws[\w-]*:lambda:([\w-]+):(\d{12}):layer:([\w-]{1,140}):(\d{1,9})$/;

/** Takes a name, a partial ARN or an ARN apart. Throws `ValidationException`. */
export function parseFunctionName(text: string, qualifier?: string | null): FunctionName {
  const match = functionPattern.exec(text);
  if (!match?.[1]) {
    throw constraint(text, 'functionName', `satisfy regular expression pattern: ${functionPattern.source}`);
  }
  const wanted = qualifier ?? match[2];
  if (wanted !== undefined && !qualifierPattern.test(wanted)) {
    throw constraint(wanted, 'qualifier', `satisfy regular expression pattern: ${qualifierPattern.source}`);
  }
  return { name: match[1], qualifier: wanted };
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
