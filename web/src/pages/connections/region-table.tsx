import { Button, Group, Stack, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { memo } from 'react'
import type { Connection } from '../../client.ts'
import { visible } from '../../components/json.ts'
import { counted, number } from '../../format.ts'
import { barLabel, lookback, segmentsOf } from '../../health/bar.ts'
import { regionHealth } from '../../health/region.ts'
import type { Region } from '../../health/status.ts'
import type { When } from '../../health/time.ts'
import { Time } from '../../time.tsx'
import { CoverageBar, Legend } from './coverage-bar.tsx'
import { ExclusionButton } from './exclusion-button.tsx'
import { ToneIcon } from './status.tsx'

interface RegionProps {
  connection: Connection
  when: When
}

export const RegionTable = memo(function RegionTable(props: {
  connection: Connection
  regions: Region[]
  now: number
  timeZone: string | undefined
}) {
  const { regions, connection, now, timeZone } = props
  const when = { now, timeZone }
  const { from } = lookback(connection, when)
  const [all, { toggle }] = useDisclosure()
  const sorted = byUrgencyOfRegion(regions, connection, when)
  const isQuiet = (region: Region) =>
    region.events === 0 &&
    region.lost.length + region.setAside.length === 0 &&
    regionHealth(region, connection, when).tone === 'good'
  const quiet = sorted.filter(isQuiet)
  const folds = quiet.length > 3
  const shown = folds && !all ? sorted.filter((region) => !isQuiet(region)) : sorted
  return (
    <Stack gap="xs">
      <Table verticalSpacing={6} aria-label="Regions" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={{ base: 136, sm: 150 }}>Region</Table.Th>
            <Table.Th>
              From <Time at={new Date(from).toISOString()} /> to now
            </Table.Th>
            <Table.Th w={90} ta="right" visibleFrom="md">
              Events
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((region) => (
            <RegionRow key={region.region} region={region} connection={connection} when={when} />
          ))}
        </Table.Tbody>
      </Table>
      {folds && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={toggle}
          aria-expanded={all}
          style={{ alignSelf: 'flex-start' }}
        >
          {all
            ? 'Show only regions with events'
            : `Show ${counted(quiet.length, 'more region')} without events`}
        </Button>
      )}
      <Legend regions={regions} />
    </Stack>
  )
})

/** Sorts regions that are late or have lost data first, then by name. */
function byUrgencyOfRegion(regions: Region[], connection: Connection, when: When): Region[] {
  const tones = new Map(regions.map((region) => [region, regionHealth(region, connection, when)]))
  const rank = (region: Region) => {
    if (tones.get(region)!.tone === 'late') return 0
    if (region.lost.length + region.setAside.length > 0) return 1
    return tones.get(region)!.tone === 'busy' ? 2 : 3
  }
  return regions.toSorted((a, b) => rank(a) - rank(b))
}

function RegionRow({ region, connection, when }: RegionProps & { region: Region }) {
  const { tone, sentence } = regionHealth(region, connection, when)
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500} fz="sm">
        {region.region}
      </Table.Th>
      <Table.Td>
        <Group gap="4px 16px" align="center">
          <CoverageBar segments={segmentsOf(region, connection, when)} label={barLabel(region)} />
          <Group gap={6} wrap="nowrap" align="flex-start" flex="1 1 230px" maw={{ md: 300 }}>
            <span style={{ marginTop: 2, lineHeight: 0 }}>
              <ToneIcon tone={tone} size={14} />
            </span>
            <Text size="xs" className="from-aws">
              {visible(sentence)}
            </Text>
            {region.state !== 'active' && region.lastError !== null && (
              <ExclusionButton connection={connection} region={region} />
            )}
          </Group>
        </Group>
      </Table.Td>
      <Table.Td ta="right" fz="sm" visibleFrom="md">
        {number(region.events)}
      </Table.Td>
    </Table.Tr>
  )
}
