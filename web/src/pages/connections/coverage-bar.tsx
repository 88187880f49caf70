import { Group, Text } from '@mantine/core'
import type { Segment } from '../../health/bar.ts'
import type { Region } from '../../health/status.ts'

/** Distinguished by shade and pattern, not only by color. */
const looks: Record<Segment['kind'], { title: string; background: string }> = {
  settled: { title: 'Imported', background: 'var(--mantine-color-teal-6)' },
  settling: {
    title: 'Re-checked for late events',
    background:
      'repeating-linear-gradient(90deg, var(--mantine-color-teal-3) 0 2px, var(--mantine-color-teal-6) 2px 4px)',
  },
  gap: {
    title: 'Pending',
    background: 'light-dark(var(--mantine-color-gray-4), var(--mantine-color-dark-3))',
  },
  lost: {
    title: 'Lost: past CloudTrail retention',
    background:
      'repeating-linear-gradient(45deg, var(--mantine-color-red-8) 0 3px, var(--mantine-color-red-4) 3px 6px)',
  },
  set_aside: {
    title: 'Skipped',
    background:
      'repeating-linear-gradient(135deg, var(--mantine-color-orange-8) 0 2px, var(--mantine-color-orange-3) 2px 4px)',
  },
}

export function CoverageBar({ segments, label }: { segments: Segment[]; label: string }) {
  return (
    <div
      role="img"
      aria-label={label}
      title={label}
      style={{
        position: 'relative',
        flex: '3 1 180px',
        height: 10,
        overflow: 'hidden',
        borderRadius: 'var(--mantine-radius-sm)',
        background: looks.gap.background,
      }}
    >
      {segments.map(({ kind, from, to }) => (
        <div
          key={`${kind} ${from}`}
          style={{
            position: 'absolute',
            top: 0,
            bottom: 0,
            left: `${from * 100}%`,
            width: `${(to - from) * 100}%`,
            // A lost second must be visible in 90 days.
            minWidth: kind === 'lost' || kind === 'set_aside' ? 3 : 0,
            background: looks[kind].background,
          }}
        />
      ))}
    </div>
  )
}

/** The legend of the kinds that are visible. */
export function Legend({ regions }: { regions: Region[] }) {
  const kinds: Segment['kind'][] = ['settled', 'settling']
  if (regions.some(({ backfill }) => backfill.percent < 100)) kinds.push('gap')
  if (regions.some(({ lost }) => lost.length > 0)) kinds.push('lost')
  if (regions.some(({ setAside }) => setAside.length > 0)) kinds.push('set_aside')
  return (
    <Group gap="md" aria-label="Legend" role="group">
      {kinds.map((kind) => (
        <Group key={kind} gap={6} wrap="nowrap">
          <span
            aria-hidden
            style={{
              width: 16,
              height: 10,
              flexShrink: 0,
              borderRadius: 2,
              background: looks[kind].background,
            }}
          />
          <Text size="xs">{looks[kind].title}</Text>
        </Group>
      ))}
    </Group>
  )
}
