/** `/threat-intelligence/*`: what is known of an address. */
import { type Route, route } from '../declare.ts';

export const threatIntelligenceRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/threat-intelligence/ip-address-details',
    tag: 'threat-intelligence',
    summary: 'Details of an IPv4 or IPv6 address, from ipdata.co',
    upstream: true,
    query: { ip_address: { type: 'string', default: '8.8.8.8', format: 'ip', maxLength: 45 } },
    answers: { 'application/json': 'Resource' },
    errors: [404],
    run: async ({ services, query, signal }) => {
      const [{ json }, { readAddressDetails }] = await Promise.all([
        import('../declare.ts'),
        import('../upstream/ipdata.ts'),
      ]);
      const { settings, secrets } = services;
      return json(await readAddressDetails(settings.ipDataUrl, secrets.ipDataKey, query.ip_address, signal));
    },
  }),
];
