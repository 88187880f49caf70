import type { Simulator, SimulatorOptions } from './types.ts'

export type * from './types.ts'

/** Starts a simulated AWS on 127.0.0.1: STS and CloudTrail over their real wire protocols. */
export declare function startSimulator(options?: SimulatorOptions): Promise<Simulator>
