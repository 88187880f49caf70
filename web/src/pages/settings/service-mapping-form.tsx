import { Button, Group, Paper, Select, Stack, TagsInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { createServiceMapping, type ServiceMapping } from '../../client.ts'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'

const fields = ['source', 'label', 'value', 'environmentId', 'services'] as const

interface Values {
  source: ServiceMapping['source']
  label: string
  value: string
  environmentId: string | null
  services: string[]
}

/** Adds a service mapping. */
export function ServiceMappingForm() {
  const client = useQueryClient()
  const environments = useEnvironments().data ?? []
  const form = useForm<Values>({
    initialValues: { source: null, label: '', value: '', environmentId: null, services: [] },
    validate: {
      value: (value) => (value.trim() === '' ? 'Enter a value.' : null),
      environmentId: (id, { services }) =>
        id === null && services.length === 0 ? 'Select an environment, or enter services.' : null,
    },
  })
  const create = useMutation({
    mutationFn: ({ label, value, ...rest }: Values) =>
      createServiceMapping({ ...rest, value: value.trim(), label: label.trim() || null }),
    onSuccess: async () => {
      // Existing alerts are mapped again.
      void client.invalidateQueries({ queryKey: ['incidents'] })
      await client.invalidateQueries({ queryKey: ['service-mappings'] })
      form.reset()
    },
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  return (
    <Paper withBorder p="sm">
      <form
        aria-label="New service mapping"
        noValidate
        onSubmit={form.onSubmit(
          (values) => create.mutate(values),
          (errors) => focusFirst(form, errors),
        )}
      >
        <Stack gap="xs">
          <Group gap="xs" grow align="flex-start" preventGrowOverflow={false}>
            <Select
              label="Alert source"
              placeholder="Any"
              clearable
              clearButtonProps={{ 'aria-label': 'Clear alert source' }}
              miw={150}
              data={[
                { value: 'pagerduty', label: 'PagerDuty' },
                { value: 'alertmanager', label: 'Alertmanager' },
              ]}
              {...form.getInputProps('source')}
            />
            <TextInput
              label="Label"
              placeholder="Service name or ID"
              autoComplete="off"
              maxLength={300}
              miw={150}
              {...form.getInputProps('label')}
            />
            <TextInput
              label="Value"
              placeholder="checkout-*"
              autoComplete="off"
              maxLength={300}
              miw={150}
              {...form.getInputProps('value')}
            />
          </Group>
          <Group gap="xs" grow align="flex-start" preventGrowOverflow={false}>
            <Select
              label="Environment"
              placeholder="None"
              clearable
              clearButtonProps={{ 'aria-label': 'Clear environment' }}
              miw={150}
              data={environments.map(({ id, name }) => ({ value: id, label: name }))}
              {...form.getInputProps('environmentId')}
            />
            <TagsInput
              label="Services"
              placeholder="As in your changes, then Enter"
              maxTags={50}
              maxLength={200}
              acceptValueOnBlur
              miw={220}
              {...form.getInputProps('services')}
            />
          </Group>
          <FormError error={create.error} fields={fields} />
          <Group>
            <Button type="submit" loading={create.isPending}>
              Add mapping
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
