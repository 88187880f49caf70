import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One of each for the whole run: a Postgres cluster and a Temporal server.
    globalSetup: 'test/support/global.ts',
    // Tests that start servers of their own mostly wait: one more than a small machine has cores.
    maxWorkers: 3,
    // Loading the same modules for each of a hundred files takes a quarter of the time. What a file
    // leaves behind in them, another one would find: no test keeps anything in a module.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
})
