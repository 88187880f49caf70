import { lazyPart } from '../lazy-part.ts'

/** Loaded when it is first opened. */
export const NoiseRuleDialog = lazyPart(() => import('./noise-rule-dialog.tsx'), 'NoiseRuleDialog')
