/** What an admin does with a container: recycle, quarantine, return; and its holder: reset. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf } from '../../../src/client/client.ts'
import { useBerth } from '../api/berth.tsx'

export type ContainerVerb = 'recycle' | 'quarantine' | 'return'

export function useContainerAction(name: string) {
  const berth = useBerth()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (verb: ContainerVerb | 'reset') => {
      const request = { params: { path: { name } } }
      if (verb === 'recycle') return answerOf(berth.POST('/v1/containers/{name}/recycle', request))
      if (verb === 'quarantine') return answerOf(berth.POST('/v1/containers/{name}/quarantine', request))
      if (verb === 'reset') return answerOf(berth.POST('/v1/containers/{name}/reset', request))
      return answerOf(berth.POST('/v1/containers/{name}/return', request))
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['containers'] }),
  })
}
