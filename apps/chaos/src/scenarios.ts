import { cold, killed } from './scenarios/cold.ts'
import { outages } from './scenarios/outages.ts'
import { soak } from './scenarios/soak.ts'
import { tiers } from './scenarios/tiers.ts'
import type { Scenario } from './stage.ts'

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [cold, killed, ...outages, tiers, soak]
