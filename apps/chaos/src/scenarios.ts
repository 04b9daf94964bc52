import { cold, killed } from './scenarios/cold.ts'
import { entries } from './scenarios/entries.ts'
import { cluster, failover, failoverKept } from './scenarios/failover.ts'
import { hot, jitter } from './scenarios/hot.ts'
import { network, networkTiers } from './scenarios/network.ts'
import { outages } from './scenarios/outages.ts'
import { beside, clocks, releases } from './scenarios/releases.ts'
import { soak } from './scenarios/soak.ts'
import { sqlite } from './scenarios/sqlite.ts'
import { tiers } from './scenarios/tiers.ts'
import type { Scenario } from './stage.ts'

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  ...[cold, killed],
  ...outages,
  ...[failover, failoverKept, cluster],
  ...[network, networkTiers],
  ...[tiers, beside],
  ...[releases, clocks, entries, sqlite],
  ...[hot, jitter, soak],
]
