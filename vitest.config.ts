import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One of each for the whole run: a Postgres cluster and a Temporal server.
    globalSetup: 'test/support/global.ts',
    // Tests start servers of their own: more at once would only make each slower.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
})
