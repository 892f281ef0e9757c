/** The providers of every page, the sign-in, and the pages. */
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, Suspense, useState } from 'react'
import { Redirect, Route, Router, Switch, useLocation } from 'wouter'
import { ApiProvider } from './api/berth.tsx'
import { openQueryClient } from './api/query-client.ts'
import { useSession } from './api/session.ts'
import { ShortcutsProvider } from './keyboard/shortcuts.tsx'
import { ClockProvider } from './live/clock.tsx'
import { LiveProvider } from './live/live.tsx'
import { NoticesProvider } from './notices/notices.tsx'
import { BulkProvider } from './parts/bulk/bulk-provider.tsx'
import { FailureBoundary } from './loading/failure-boundary.tsx'
import { ConfirmProvider } from './parts/confirm.tsx'
import { CopyProvider } from './parts/copy/copy-provider.tsx'
import { Loading, Page } from './parts/page.tsx'
import { returnPath } from './pages/sign-in/return-path.ts'
import { TimeWordsProvider } from './settings/settings.tsx'
import { ROUTES, SignInPage, TerminalPage } from './routes.tsx'
import { Frame } from './shell/frame.tsx'
import { DockProvider } from './terminal/dock-provider.tsx'
import { theme } from './theme/theme.ts'

export function App({ styleNonce }: { readonly styleNonce: string }) {
  const [colors] = useState(() => localStorageColorSchemeManager({ key: 'berth-color-scheme' }))
  const [client] = useState(openQueryClient)
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colors}
      getStyleNonce={() => styleNonce}
    >
      <QueryClientProvider client={client}>
        <ApiProvider>
          <Router base="/ui">
            <TimeWordsProvider>
              <ShortcutsProvider>
                <CopyProvider>
                  <NoticesProvider>
                    <ConfirmProvider>
                      <FailureBoundary what="this page" place="app">
                        <Suspense fallback={null}>
                          <SignedIn />
                        </Suspense>
                      </FailureBoundary>
                    </ConfirmProvider>
                  </NoticesProvider>
                </CopyProvider>
              </ShortcutsProvider>
            </TimeWordsProvider>
          </Router>
        </ApiProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

/** Shows the pages to a person who is signed in, otherwise the sign-in. */
function SignedIn() {
  const session = useSession()
  const [before, setBefore] = useState<string | null>(null)
  const name = session.data?.identity?.name ?? null
  if (name !== null && name !== before) setBefore(name)
  return (
    <Loading of={session} what="who is signed in">
      {({ identity }) =>
        identity === null ? (
          <SignInPage before={before} />
        ) : (
          <LiveProvider key={identity.name}>
            <ClockProvider>
              <DockProvider>
                <BulkProvider>
                  <Pages />
                </BulkProvider>
              </DockProvider>
            </ClockProvider>
          </LiveProvider>
        )
      }
    </Loading>
  )
}

function Pages() {
  const [location] = useLocation()
  return (
    <Switch>
      <Route path="/terminal/:name">
        <TerminalPage />
      </Route>
      <Route path="/sign-in">
        <Redirect to={returnPath().slice('/ui'.length)} replace />
      </Route>
      <Route>
        <Frame>
          <FailureBoundary what="this page" place={location}>
            <Suspense fallback={<output className="secondary">Loading the page …</output>}>
              <Switch>
                {ROUTES.map(([path, Component]) => (
                  <Route key={String(path)} path={path}>
                    <Component />
                  </Route>
                ))}
                <Route>
                  <Missing />
                </Route>
              </Switch>
            </Suspense>
          </FailureBoundary>
        </Frame>
      </Route>
    </Switch>
  )
}

function Missing(): ReactNode {
  return (
    <Page title="There is no such page">
      <p>The address may be mistyped, or come from another version of Berth. Ctrl+K finds every page.</p>
    </Page>
  )
}
