import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** A muted teal that differs from the status colors. */
const cairn: MantineColorsTuple = [
  '#e6f6f8',
  '#d3eaee',
  '#a8d5dd',
  '#79bfcb',
  '#53adbc',
  '#3aa1b3',
  '#2a9bae',
  '#188799',
  '#00788a',
  '#00687a',
]

export const theme = createTheme({
  primaryColor: 'cairn',
  colors: { cairn },
  // White text is readable on this shade.
  primaryShade: 8,
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        // A page has one banner landmark, which is not in a dialog.
        attributes: { header: { role: 'none' } },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: {
      defaultProps: {
        attributes: { header: { role: 'none' } },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    // An open menu focuses its first item. The placeholder is a focusable child without a role,
    // which a menu may not have.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
})
