/** Every route of the service. */
import type { Route } from '../declare.ts';
import { authRoutes } from './auth.ts';
import { gitHubApiRoutes } from './github-api.ts';
import { gitHubDigestRoutes } from './github-digest.ts';
import { gitHubStatsRoutes } from './github-stats.ts';
import { infoRoutes } from './info.ts';
import { pageRoutes } from './pages.ts';
import { threatIntelligenceRoutes } from './threat-intelligence.ts';

export const routes: readonly Route[] = [
  ...infoRoutes,
  ...gitHubApiRoutes,
  ...gitHubDigestRoutes,
  ...gitHubStatsRoutes,
  ...threatIntelligenceRoutes,
  ...authRoutes,
  ...pageRoutes,
];
