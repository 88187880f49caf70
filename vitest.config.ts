import { defineConfig } from 'vitest/config'

/** A file's name decides which project it belongs to, and so what it may use. */
const integration = 'test/**/*.integration.test.ts'
const e2e = 'test/**/*.e2e.test.ts'
/** Only `npm run test:scale` runs these. */
const scale = 'test/**/*.scale.test.ts'

export default defineConfig({
  test: {
    setupFiles: ['testing/property-seed.ts'],
    // Tests that start servers or a browser often wait: twice as many as a small machine has cores.
    maxWorkers: 4,
    // Loading the same modules for each of a hundred files takes a quarter of the time. What a file
    // leaves behind in them, another one would find: no test keeps anything in a module.
    isolate: false,
    // These end a test that hangs. They are no measure of speed: a second suite may run beside this one.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    // Only for a fault of Temporal's time-skipping server: testing/workflows/harness.ts.
    retry: { count: 1, condition: /The Temporal test server does not answer/ },
    // Temporal's client repeats a call of that test from a timer, also after its connection is closed.
    onUnhandledError: ({ message }) => message !== 'Channel has been shut down',
    expect: { poll: { timeout: 180_000 } },
    teardownTimeout: 30_000,
    // Vitest starts the projects' files in the order of the projects' names: the longest first.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [integration, e2e, scale],
          // Makes a test fail that uses the network or another process.
          setupFiles: ['testing/no-servers.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration],
          // One of each for the whole run: a Postgres cluster and a Temporal server.
          globalSetup: 'testing/global-setup.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [e2e],
          // Each file starts its own `npm start`, some with servers of its own.
          globalSetup: 'testing/global-setup.ts',
          maxConcurrency: 2,
        },
      },
      ...(process.env.SCALE_ROWS === undefined
        ? []
        : [
            {
              extends: true as const,
              test: { name: 'scale', include: [scale], globalSetup: 'testing/global-setup.ts' },
            },
          ]),
    ],
  },
})
