import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { PartNotLoaded } from '../lazy-part.ts'

const CHECK_INTERVAL_MS = 3_000
/** A file that is still missing after a reload must not reload the page forever. */
const RELOAD_INTERVAL_MS = 60_000
const RELOADED_AT = 'cairn-reloaded-at'

/** Shown instead of a page that cannot be shown. The navigation around it stays. */
export function PageError({ error }: { error: unknown }) {
  return error instanceof PartNotLoaded ? <NotLoaded /> : <Broken error={error} />
}

/** Loads the page again when the server responds: also after an upgrade, which renames files. */
function NotLoaded() {
  const [isChecking, setIsChecking] = useState(false)
  useEffect(() => {
    const check = async () => {
      const last = Number(sessionStorage.getItem(RELOADED_AT))
      if (Date.now() - last < RELOAD_INTERVAL_MS || !(await isServerAvailable())) return
      sessionStorage.setItem(RELOADED_AT, String(Date.now()))
      window.location.reload()
    }
    void check()
    const timer = setInterval(check, CHECK_INTERVAL_MS)
    return () => clearInterval(timer)
  }, [])
  const retry = async () => {
    setIsChecking(true)
    // A reload without a server would replace Cairn with the browser's error page.
    if (await isServerAvailable()) window.location.reload()
    else setIsChecking(false)
  }
  return (
    <Alert
      color="gray"
      variant="light"
      icon={<IconCloudOff aria-hidden />}
      title="Cannot load this page"
    >
      <title>Page not loaded · Cairn</title>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          The server is not responding, or the network is down. The page opens automatically when
          the connection is restored.
        </Text>
        <Button variant="default" size="compact-sm" loading={isChecking} onClick={retry}>
          Retry
        </Button>
      </Stack>
    </Alert>
  )
}

function Broken({ error }: { error: unknown }) {
  const router = useRouter()
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title="Cannot show this page"
    >
      <title>Error · Cairn</title>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          An unexpected error occurred: {error instanceof Error ? error.message : String(error)}
        </Text>
        <Button variant="default" size="compact-sm" onClick={() => router.invalidate()}>
          Retry
        </Button>
      </Stack>
    </Alert>
  )
}

async function isServerAvailable(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(CHECK_INTERVAL_MS)
    return (await fetch('/healthz', { cache: 'no-store', signal })).ok
  } catch {
    return false
  }
}
