/** The table of operations: method and path as the API reference has them. */
import * as events from './event-invoke-configs.ts';
import * as functions from './functions.ts';
import * as layers from './layers.ts';
import { limits } from './limits.ts';
import * as policies from './policies.ts';
import type { Operation } from './service.ts';
import * as settings from './settings.ts';
import * as urls from './urls.ts';
import * as versions from './versions.ts';

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  /** Name of the operation, as errors call it. */
  readonly name: string;
  readonly operation: Operation;
  /** Longest body, in bytes. */
  readonly most: number;
}

const f = 'functions/{FunctionName}';
const l = 'layers/{LayerName}/versions/{VersionNumber}';

/** Paths without their date: each API version names other resources, so the date adds nothing. */
const table: readonly (readonly [string, string, Operation])[] = [
  ['POST layers/{LayerName}/versions', 'PublishLayerVersion', layers.publishLayerVersion],
  ['GET layers/{LayerName}/versions', 'ListLayerVersions', layers.listLayerVersions],
  [`GET ${l}`, 'GetLayerVersion', layers.getLayerVersion],
  [`DELETE ${l}`, 'DeleteLayerVersion', layers.deleteLayerVersion],
  ['GET layers', 'ListLayers', layers.listLayers],
  [`POST ${l}/policy`, 'AddLayerVersionPermission', policies.addLayerVersionPermission],
  [`GET ${l}/policy`, 'GetLayerVersionPolicy', policies.getLayerVersionPolicy],
  [`DELETE ${l}/policy/{StatementId}`, 'RemoveLayerVersionPermission', policies.removeLayerVersionPermission],
  ['POST functions', 'CreateFunction', functions.createFunction],
  ['GET functions', 'ListFunctions', functions.listFunctions],
  [`GET ${f}`, 'GetFunction', functions.getFunction],
  [`DELETE ${f}`, 'DeleteFunction', functions.deleteFunction],
  [`GET ${f}/configuration`, 'GetFunctionConfiguration', functions.getFunctionConfiguration],
  [`PUT ${f}/configuration`, 'UpdateFunctionConfiguration', functions.updateFunctionConfiguration],
  [`PUT ${f}/code`, 'UpdateFunctionCode', functions.updateFunctionCode],
  [`POST ${f}/versions`, 'PublishVersion', versions.publishVersion],
  [`GET ${f}/versions`, 'ListVersionsByFunction', versions.listVersionsByFunction],
  [`POST ${f}/aliases`, 'CreateAlias', versions.createAlias],
  [`GET ${f}/aliases`, 'ListAliases', versions.listAliases],
  [`GET ${f}/aliases/{Name}`, 'GetAlias', versions.getAlias],
  [`PUT ${f}/aliases/{Name}`, 'UpdateAlias', versions.updateAlias],
  [`DELETE ${f}/aliases/{Name}`, 'DeleteAlias', versions.deleteAlias],
  [`POST ${f}/policy`, 'AddPermission', policies.addPermission],
  [`GET ${f}/policy`, 'GetPolicy', policies.getPolicy],
  [`DELETE ${f}/policy/{StatementId}`, 'RemovePermission', policies.removePermission],
  [`POST ${f}/url`, 'CreateFunctionUrlConfig', urls.createUrlConfig],
  [`GET ${f}/url`, 'GetFunctionUrlConfig', urls.getUrlConfig],
  [`PUT ${f}/url`, 'UpdateFunctionUrlConfig', urls.updateUrlConfig],
  [`DELETE ${f}/url`, 'DeleteFunctionUrlConfig', urls.deleteUrlConfig],
  [`GET ${f}/urls`, 'ListFunctionUrlConfigs', urls.listUrlConfigs],
  [`PUT ${f}/concurrency`, 'PutFunctionConcurrency', settings.putConcurrency],
  [`GET ${f}/concurrency`, 'GetFunctionConcurrency', settings.getConcurrency],
  [`DELETE ${f}/concurrency`, 'DeleteFunctionConcurrency', settings.deleteConcurrency],
  [`PUT ${f}/event-invoke-config`, 'PutFunctionEventInvokeConfig', events.putEventInvokeConfig],
  [`POST ${f}/event-invoke-config`, 'UpdateFunctionEventInvokeConfig', events.updateEventInvokeConfig],
  [`GET ${f}/event-invoke-config`, 'GetFunctionEventInvokeConfig', events.getEventInvokeConfig],
  [`DELETE ${f}/event-invoke-config`, 'DeleteFunctionEventInvokeConfig', events.deleteEventInvokeConfig],
  [`GET ${f}/event-invoke-config/list`, 'ListFunctionEventInvokeConfigs', events.listEventInvokeConfigs],
  [`GET ${f}/code-signing-config`, 'GetFunctionCodeSigningConfig', settings.getCodeSigning],
  [`GET ${f}/runtime-management-config`, 'GetRuntimeManagementConfig', settings.getRuntimeManagement],
  [`GET ${f}/recursion-config`, 'GetFunctionRecursionConfig', settings.getRecursion],
  ['GET tags/{Resource}', 'ListTags', settings.listTags],
  ['POST tags/{Resource}', 'TagResource', settings.tagResource],
  ['DELETE tags/{Resource}', 'UntagResource', settings.untagResource],
  ['GET account-settings', 'GetAccountSettings', settings.getAccountSettings],
  ['GET event-source-mappings', 'ListEventSourceMappings', settings.listEventSourceMappings],
];

export const routes: readonly Route[] = table.map(([key, name, operation]) => {
  const [method = '', path = ''] = key.split(' ');
  return { method, pattern: patternOf(path), name, operation, most: longest(name) };
});

/** A path with its parameters as a pattern; a final slash is allowed, as the API reference has it here and there. */
export function patternOf(path: string): RegExp {
  return new RegExp(`^/\\d{4}-\\d{2}-\\d{2}/${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`);
}

function longest(operation: string): number {
  if (operation === 'UpdateFunctionCode') return limits.uploadUpdate;
  return operation === 'CreateFunction' || operation === 'PublishLayerVersion' ? limits.upload : 1 << 20;
}
