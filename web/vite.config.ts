import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const { CAIRN_API = 'http://127.0.0.1:3000', CAIRN_API_KEY } = process.env

/**
 * `npx vite web` serves it with reloading, over the Cairn at CAIRN_API; with a CAIRN_API_KEY nobody
 * has to sign in.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // As written: light-dark() follows Mantine's switch, what it would be rewritten to does not.
    cssTarget: ['chrome125', 'firefox126', 'safari18'],
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What two pages import is in one file: in a file for each combination of pages, the app
          // is 99 files, and requesting them costs a quarter of the start of a page. The
          // date picker is only loaded for the forms that have one.
          groups: [
            { name: 'shared', minShareCount: 2, test: /^(?!.*(mantine.dates|dayjs|time-field))/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': {
        target: CAIRN_API,
        headers: CAIRN_API_KEY ? { authorization: `Bearer ${CAIRN_API_KEY}` } : {},
      },
    },
  },
  logLevel: 'warn',
})
