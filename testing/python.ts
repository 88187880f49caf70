import path from 'node:path'
import { ensurePythonEnvironment } from '../src/embedded/tools.ts'

/** Independent implementations and linters of AWS, written by others. */
const environments = {
  boto3: ['boto3==1.44.5', 'awscli==1.46.3'],
  ministack: ['ministack==1.5.33'],
  'cfn-lint': ['cfn-lint==1.58.0'],
  // It imports pkg_resources, which newer versions of setuptools no longer have.
  parliament: ['parliament==1.6.4', 'setuptools==80.9.0'],
} satisfies Record<string, [string, ...string[]]>

export const pythonTools = Object.keys(environments) as (keyof typeof environments)[]

export interface PythonTool {
  python: string
  /** The path of one of its commands. */
  bin(name: string): string
}

/** A Python tool in a virtual environment of its own, made when it is not there. */
export async function pythonTool(
  name: keyof typeof environments,
  log: Pick<Console, 'info' | 'warn'> = console,
): Promise<PythonTool> {
  const environment = await ensurePythonEnvironment(environments[name], log)
  const bin = (command: string) => path.join(environment, 'bin', command)
  return { python: bin('python'), bin }
}
