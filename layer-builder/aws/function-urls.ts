/** The function URL of the live alias: made, changed, opened to the public. */
import {
  AddPermissionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  RemovePermissionCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import type { DesiredFunction } from '../deploy/types.ts';
import { liveAlias, publicUrlStatements } from '../deploy/types.ts';
import { nameOf } from './failures.ts';
import type { FunctionAccess } from './function-access.ts';
import { absent, run } from './function-access.ts';

type Url = NonNullable<DesiredFunction['url']>;

/** Answers the address, with its final slash. */
export async function createUrl(aws: FunctionAccess, name: string, url: Url): Promise<string> {
  const answer = await run(aws, 'CreateFunctionUrlConfig', name, options =>
    aws.lambda.send(new CreateFunctionUrlConfigCommand(inputOf(name, url)), options),
  );
  return answer.FunctionUrl ?? '';
}

export async function updateUrl(aws: FunctionAccess, name: string, url: Url): Promise<string> {
  const answer = await run(aws, 'UpdateFunctionUrlConfig', name, options =>
    aws.lambda.send(new UpdateFunctionUrlConfigCommand(inputOf(name, url)), options),
  );
  return answer.FunctionUrl ?? '';
}

export async function deleteUrl(aws: FunctionAccess, name: string): Promise<void> {
  const at = { FunctionName: name, Qualifier: liveAlias };
  await absent(
    run(aws, 'DeleteFunctionUrlConfig', name, options =>
      aws.lambda.send(new DeleteFunctionUrlConfigCommand(at), options),
    ),
  );
}

/**
 * Lets anyone call the function URL. Since October 2025 that takes two statements: the URL and, through it,
 * the function. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export async function allowPublicUrl(aws: FunctionAccess, name: string): Promise<void> {
  const at = { FunctionName: name, Qualifier: liveAlias, Principal: '*' };
  for (const statement of [
    { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE', StatementId: publicUrlStatements[0] },
    { Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, StatementId: publicUrlStatements[1] },
  ] as const) {
    try {
      await run(aws, 'AddPermission', name, options =>
        aws.lambda.send(new AddPermissionCommand({ ...at, ...statement }), options),
      );
    } catch (error) {
      // an earlier run that stopped between the two statements left the first one
      if (nameOf(error) !== 'ResourceConflictException') throw error;
    }
  }
}

/** Takes back what allowPublicUrl allowed; a statement that is not there counts as taken back. */
export async function closePublicUrl(
  aws: FunctionAccess,
  name: string,
  statements: readonly string[],
): Promise<void> {
  for (const StatementId of statements) {
    const at = { FunctionName: name, Qualifier: liveAlias, StatementId };
    await absent(
      run(aws, 'RemovePermission', name, options =>
        aws.lambda.send(new RemovePermissionCommand(at), options),
      ),
    );
  }
}

/** An empty `Cors` takes away what was configured; leaving it out would keep it. */
function inputOf(name: string, { auth, cors = {} }: Url) {
  return {
    FunctionName: name,
    Qualifier: liveAlias,
    AuthType: auth,
    Cors: {
      ...(cors.allowOrigins && { AllowOrigins: [...cors.allowOrigins] }),
      ...(cors.allowMethods && { AllowMethods: [...cors.allowMethods] }),
      ...(cors.allowHeaders && { AllowHeaders: [...cors.allowHeaders] }),
      ...(cors.exposeHeaders && { ExposeHeaders: [...cors.exposeHeaders] }),
      ...(cors.maxAge !== undefined && { MaxAge: cors.maxAge }),
      ...(cors.allowCredentials !== undefined && { AllowCredentials: cors.allowCredentials }),
    },
  };
}
