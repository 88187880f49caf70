import fc from 'fast-check'

/**
 * Gives every property test the same seed in each run, so that a test that passes today passes
 * tomorrow. `PROPERTY_SEED=N` sets another one; `npm run test:explore` takes random ones.
 * fast-check prints the seed, and the path to the counterexample, with each failure.
 */
export const DEFAULT_SEED = 20_260_601

/**
 * @param given the value of `PROPERTY_SEED`
 * @throws if it is no integer of 32 bits, which fast-check takes
 */
export function seedOf(given: string | undefined): number {
  if (given === undefined || given === '') return DEFAULT_SEED
  const seed = Number(given)
  if (Number.isInteger(seed) && seed === (seed | 0)) return seed
  throw new Error(`PROPERTY_SEED must be an integer of 32 bits, not "${given}"`)
}

export const propertySeed = seedOf(process.env.PROPERTY_SEED)

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed })
