/** `/threat-intelligence/*`: what is known of an address. */
import { json, type Route, route } from '../declare.ts';

export const threatIntelligenceRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/threat-intelligence/ip-address-details',
    tag: 'threat-intelligence',
    summary: 'Details of an IPv4 or IPv6 address, from ipdata.co',
    upstream: true,
    query: {
      ip_address: {
        type: 'string',
        default: '8.8.8.8',
        format: 'ip',
        maxLength: 45,
        description: 'IPv4 or IPv6, without a zone',
        examples: ['8.8.8.8', '2001:4860:4860::8888'],
      },
    },
    answers: { 'application/json': 'Resource' },
    errors: [404],
    run: async ({ services, query, signal }) => {
      const { readAddressDetails } = await import('../upstream/ipdata.ts');
      const { settings, secrets, measure } = services;
      const options = { url: settings.ipDataUrl, key: secrets.ipDataKey, measure };
      return json(await readAddressDetails(options, query.ip_address, signal));
    },
  }),
];
