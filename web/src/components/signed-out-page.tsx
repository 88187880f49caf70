import { Anchor, Box, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** The layout of pages for users who are not signed in. */
export function SignedOutPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="main" maw={440} mx="auto" px="md" py={{ base: 32, sm: 80 }}>
      <title>{`${title} · Cairn`}</title>
      <Stack gap="lg">
        <Anchor href="/" underline="never" c="inherit" w="fit-content" mx="auto">
          <Group gap={8} wrap="nowrap">
            <img src="/cairn.svg" alt="" width={32} height={32} />
            <Text fw={700} size="xl">
              Cairn
            </Text>
          </Group>
        </Anchor>
        <Paper withBorder p={{ base: 'md', sm: 'xl' }}>
          <Title order={1} size="h3" mb="md">
            {title}
          </Title>
          {children}
        </Paper>
      </Stack>
    </Box>
  )
}
