import fc from 'fast-check'

/**
 * Gives every property test the same seed in each run, so that a test that passes today passes
 * tomorrow. `PROPERTY_SEED=N` sets another one; `npm run test:explore` takes random ones.
 * fast-check prints the seed, and the path to the counterexample, with each failure.
 */
const DEFAULT_SEED = 20_260_601

const given = process.env.PROPERTY_SEED
export const propertySeed = given === undefined || given === '' ? DEFAULT_SEED : Number(given)
// fast-check takes a 32-bit integer.
if (!Number.isInteger(propertySeed) || propertySeed !== (propertySeed | 0)) {
  throw new Error(`PROPERTY_SEED must be an integer of 32 bits, not "${given}"`)
}

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed })
