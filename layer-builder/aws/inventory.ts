/** Reading what is there in lists, page by page: objects of a bucket, layers, functions with their versions and aliases. */
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { nameOf } from './failures.ts';

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** As S3 writes it, in quotes: of an object put whole and not encrypted by KMS, the MD5 of its bytes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface ListedVersion {
  readonly arn: string;
  readonly version: number;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface ListedFunction {
  readonly name: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly arn: string;
  readonly layers: readonly string[];
  readonly runtime: string;
  readonly codeSha256: string;
  /** Bytes of the zip; 0 for a container image. */
  readonly codeSize: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ListedAlias {
  readonly name: string;
  /** Versions it sends requests to, the weighted ones included. */
  readonly versions: readonly string[];
}

/** A page and whether more follow. Callers that must see everything ask until `next` is undefined. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

export interface Inventory {
  objects(bucket: string, prefix: string, from?: string): Promise<Page<ListedObject>>;
  layerVersions(layerName: string, from?: string): Promise<Page<ListedVersion>>;
  /** `$LATEST` of every function, or with it every published version. */
  functions(versions: 'latest' | 'all', from?: string): Promise<Page<ListedFunction>>;
  /** Where the code of one version can be downloaded, for ten minutes. */
  codeLocation(name: string, version: string): Promise<string>;
  aliases(name: string, from?: string): Promise<Page<ListedAlias>>;
}

/** All pages together: only where a missed item would be a fault, never for looking something up. */
export async function allPages<Item>(page: (from?: string) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const answer: Page<Item> = await page(next);
    items.push(...answer.items);
    next = answer.next;
  }
  return items;
}

/** Throws what every call throws. A layer that does not exist has no versions. */
export async function openInventory({ s3, lambda }: AwsClients, call: Caller): Promise<Inventory> {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const { GetFunctionCommand, ListAliasesCommand, ListFunctionsCommand, ListLayerVersionsCommand } =
    await import('@aws-sdk/client-lambda');
  return {
    async objects(bucket, prefix, from) {
      const about = { action: 's3:ListBucket', resource: `s3://${bucket}/${prefix}` };
      const input = { Bucket: bucket, Prefix: prefix, ...(from ? { ContinuationToken: from } : {}) };
      const answer = await call(about, options => s3.send(new ListObjectsV2Command(input), options));
      const items = (answer.Contents ?? []).map(({ Key = '', Size = 0, ETag = '', LastModified }) => ({
        key: Key,
        size: Size,
        etag: ETag,
        modifiedAt: LastModified?.getTime() ?? 0,
      }));
      return { items, next: answer.NextContinuationToken };
    },
    async layerVersions(layerName, from) {
      const isMissing = (error: unknown) => nameOf(error) === 'ResourceNotFoundException';
      const about = { action: 'lambda:ListLayerVersions', resource: layerName, expected: isMissing };
      const input = { LayerName: layerName, MaxItems: 50, ...(from ? { Marker: from } : {}) };
      try {
        const answer = await call(about, options =>
          lambda.send(new ListLayerVersionsCommand(input), options),
        );
        const items = (answer.LayerVersions ?? []).map(version => ({
          arn: version.LayerVersionArn ?? '',
          version: version.Version ?? 0,
          description: version.Description ?? '',
          createdAt: Date.parse(version.CreatedDate ?? '') || 0,
        }));
        return { items, next: answer.NextMarker };
      } catch (error) {
        if (isMissing(error)) return { items: [], next: undefined };
        throw error;
      }
    },
    async functions(versions, from) {
      const about = { action: 'lambda:ListFunctions', resource: 'all functions' };
      const all = versions === 'all' ? { FunctionVersion: 'ALL' as const } : {};
      const input = { MaxItems: 50, ...all, ...(from ? { Marker: from } : {}) };
      const answer = await call(about, options => lambda.send(new ListFunctionsCommand(input), options));
      return { items: (answer.Functions ?? []).map(functionOf), next: answer.NextMarker };
    },
    async codeLocation(name, version) {
      const about = { action: 'lambda:GetFunction', resource: `${name}:${version}` };
      const input = { FunctionName: name, Qualifier: version };
      const answer = await call(about, options => lambda.send(new GetFunctionCommand(input), options));
      return answer.Code?.Location ?? '';
    },
    async aliases(name, from) {
      const about = { action: 'lambda:ListAliases', resource: name };
      const input = { FunctionName: name, MaxItems: 50, ...(from ? { Marker: from } : {}) };
      const answer = await call(about, options => lambda.send(new ListAliasesCommand(input), options));
      const items = (answer.Aliases ?? []).map(alias => ({
        name: alias.Name ?? '',
        versions: [
          ...(alias.FunctionVersion ? [alias.FunctionVersion] : []),
          ...Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {}),
        ],
      }));
      return { items, next: answer.NextMarker };
    },
  };
}

function functionOf(found: FunctionConfiguration): ListedFunction {
  return {
    name: found.FunctionName ?? '',
    version: found.Version ?? '',
    arn: found.FunctionArn ?? '',
    layers: (found.Layers ?? []).map(({ Arn }) => Arn ?? ''),
    runtime: found.Runtime ?? '',
    codeSha256: found.CodeSha256 ?? '',
    codeSize: found.PackageType === 'Image' ? 0 : (found.CodeSize ?? 0),
    environment: found.Environment?.Variables ?? {},
  };
}
