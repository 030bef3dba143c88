/** The role LayerSharing on Lambda: who may use a layer version. */
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { nameOf } from './failures.ts';

/** `account:<12 digits>`, `org:<organisation id>` or `public`. */
export type Share = `account:${string}` | `org:${string}` | 'public';

export interface LayerSharing {
  /** The statements that a publish of ours made; others are left alone. */
  read(layerName: string, version: number): Promise<ReadonlySet<Share>>;
  add(layerName: string, version: number, share: Share): Promise<void>;
  /** True when anybody else may use the version, whoever allowed it. */
  isShared(arn: string): Promise<boolean>;
}

const sharePattern = /^(?:account:\d{12}|org:o-[a-z0-9]{10,32}|public)$/;

export function isShare(text: string): text is Share {
  return sharePattern.test(text);
}

interface Statement {
  readonly Sid?: string;
}

/** Throws what every call throws. A permission that is already there is no error. */
export async function openLayerSharing({ lambda }: AwsClients, call: Caller): Promise<LayerSharing> {
  const { AddLayerVersionPermissionCommand, GetLayerVersionPolicyCommand } = await import(
    '@aws-sdk/client-lambda'
  );

  async function statements(layerName: string, version: number): Promise<Statement[]> {
    const about = {
      action: 'lambda:GetLayerVersionPolicy',
      resource: `${layerName}:${version}`,
      expected: isMissing,
    };
    const command = new GetLayerVersionPolicyCommand({ LayerName: layerName, VersionNumber: version });
    try {
      const answer = await call(about, options => lambda.send(command, options));
      return JSON.parse(answer.Policy ?? '{}').Statement ?? [];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  return {
    async read(layerName, version) {
      return new Set((await statements(layerName, version)).flatMap(({ Sid }) => shareOf(Sid ?? '')));
    },
    async isShared(arn) {
      const [, layerName = '', version] = arn.match(/^(.*):(\d+)$/) ?? [];
      return (await statements(layerName, Number(version))).length > 0;
    },
    async add(layerName, version, share) {
      const about = {
        action: 'lambda:AddLayerVersionPermission',
        resource: `${layerName}:${version}`,
        expected: isThere,
      };
      const [kind, id = ''] = share.split(':');
      const input = {
        LayerName: layerName,
        VersionNumber: version,
        StatementId: statementId(share),
        Action: 'lambda:GetLayerVersion',
        Principal: kind === 'account' ? id : '*',
        ...(kind === 'org' ? { OrganizationId: id } : {}),
      };
      try {
        await call(about, options => lambda.send(new AddLayerVersionPermissionCommand(input), options));
      } catch (error) {
        // Added by another publisher, or by an attempt whose answer was lost.
        if (!isThere(error)) throw error;
      }
    },
  };
}

/** Statement ids allow letters, digits, - and _ only. */
function statementId(share: Share): string {
  return `layer-builder-${share.replace(':', '-')}`;
}

function shareOf(sid: string): Share[] {
  const text = sid
    .replace(/^layer-builder-(account|org)-/, '$1:')
    .replace(/^layer-builder-public$/, 'public');
  return isShare(text) ? [text] : [];
}

function isMissing(error: unknown): boolean {
  return nameOf(error) === 'ResourceNotFoundException';
}

function isThere(error: unknown): boolean {
  return nameOf(error) === 'ResourceConflictException';
}
