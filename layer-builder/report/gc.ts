/** What gc deletes or would, and what keeps the rest. Pure. */
import type { GcPlan } from '../plan/gc.ts';
import { bytes, count, table } from './table.ts';

export function gcData(plan: GcPlan, applied: boolean) {
  return { applied, delete: plan.delete, keep: plan.keep.map(({ item, because }) => ({ ...item, because })) };
}

export function formatGc(plan: GcPlan, applied: boolean): string {
  const freed = plan.delete.reduce((sum, item) => sum + (item.kind === 'object' ? item.size : 0), 0);
  const verb = applied ? 'deleted' : 'would delete';
  const rows = [
    ...plan.keep.map(({ item, because }) => ['keep', item.kind, item.name, because]),
    ...plan.delete.map(item => [applied ? 'deleted' : 'delete', item.kind, item.name, 'nothing reaches it']),
  ];
  return [
    ...table(rows),
    `${verb} ${count(plan.delete.length, 'item')}, ${bytes(freed)} in S3; ${count(plan.keep.length, 'item')} kept`,
    ...(applied || plan.delete.length === 0 ? [] : ['add --apply to delete']),
  ].join('\n');
}
