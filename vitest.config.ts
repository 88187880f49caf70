import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One of each for the whole run: a Postgres cluster and a Temporal server.
    globalSetup: 'test/support/global.ts',
    setupFiles: 'test/support/property-seed.ts',
    // Tests that start servers of their own mostly wait: one more than a small machine has cores.
    maxWorkers: 3,
    // Loading the same modules for each of a hundred files takes a quarter of the time. What a file
    // leaves behind in them, another one would find: no test keeps anything in a module.
    isolate: false,
    // These end a test that hangs. They are no measure of speed: a second suite may run beside this one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 30_000,
  },
})
