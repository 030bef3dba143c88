/** The deployer's signed calls to IAM, CloudWatch Logs and CloudWatch, against a server that is not ours. */
import { readAlarms } from '../../layer-builder/aws/alarms.ts';
import { openClients } from '../../layer-builder/aws/clients.ts';
import { createLogGroup, readEvents, readLogGroup, setRetention } from '../../layer-builder/aws/logs.ts';
import { createRole, deleteRole, putRolePolicy, readRole } from '../../layer-builder/aws/roles.ts';
import { openSide } from '../../layer-builder/aws/side-access.ts';
import type { Judgement } from './types.ts';

export async function judgeSideCalls(judge: string, url: string): Promise<Judgement> {
  const what = 'the calls of deploy to IAM, CloudWatch Logs and CloudWatch';
  const env = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const clients = await openClients(env, 'us-east-1');
  const side = openSide(clients, env);
  const said: string[] = [];
  const expect = (name: string, found: unknown, wanted: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      said.push(`${name}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
    }
  };
  try {
    expect('no role', await readRole(side, 'judged'), undefined);
    const arn = await createRole(side, 'judged', 'made for <judging> & "more"');
    const policy =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}';
    await putRolePolicy(side, 'judged', policy);
    const role = await readRole(side, 'judged');
    expect('role', [role?.arn, role?.policy], [arn, policy]);
    await deleteRole(side, 'judged');
    expect('role deleted', await readRole(side, 'judged'), undefined);
    const group = '/aws/lambda/judged';
    expect('no group', await readLogGroup(side, group), undefined);
    await createLogGroup(side, group);
    await createLogGroup(side, group);
    expect('group', await readLogGroup(side, group), {});
    await setRetention(side, group, 14);
    expect('retention', await readLogGroup(side, group), { retentionDays: 14 });
    expect('no events', await readEvents(side, group, { since: 0, pattern: '' }), []);
    expect('no group, no events', await readEvents(side, '/none', { since: 0, pattern: '' }), []);
    expect('no alarm', await readAlarms(side, ['none']), []);
  } catch (error) {
    said.push(String(error));
  } finally {
    clients.close();
  }
  return said.length === 0
    ? { what, judge, verdict: 'passed' }
    : { what, judge, verdict: 'failed', said: said.join('; ') };
}
