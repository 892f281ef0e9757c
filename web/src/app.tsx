/** The providers of every page, the way in, and the pages. */
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, Suspense, useState } from 'react'
import { Redirect, Route, Router, Switch } from 'wouter'
import { ApiProvider } from './api/berth.tsx'
import { useSession } from './api/session.ts'
import { ShortcutsProvider } from './keyboard/shortcuts.tsx'
import { ClockProvider } from './live/clock.tsx'
import { LiveProvider } from './live/live.tsx'
import { NoticesProvider } from './notices/notices.tsx'
import { ConfirmProvider } from './parts/confirm.tsx'
import { Loading, Page } from './parts/page.tsx'
import { ROUTES, SignInPage, TerminalPage } from './routes.tsx'
import { Frame } from './shell/frame.tsx'
import { DockProvider } from './terminal/dock-provider.tsx'
import { theme } from './theme/theme.ts'

export function App({ styleNonce }: { readonly styleNonce: string }) {
  const [colors] = useState(() => localStorageColorSchemeManager({ key: 'berth-color-scheme' }))
  // The stream says when something has changed; nothing is read on a timer.
  const [client] = useState(
    () =>
      new QueryClient({ defaultOptions: { queries: { staleTime: 30_000, refetchOnWindowFocus: false, retry: 1 } } }),
  )
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
            <ShortcutsProvider>
              <NoticesProvider>
                <ConfirmProvider>
                  <Suspense fallback={null}>
                    <SignedIn />
                  </Suspense>
                </ConfirmProvider>
              </NoticesProvider>
            </ShortcutsProvider>
          </Router>
        </ApiProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

/** Shows the pages to who is signed in, and the way to sign in to others. */
function SignedIn() {
  const session = useSession()
  return (
    <Loading of={session} what="who is signed in">
      {({ identity }) =>
        identity === null ? (
          <SignInPage />
        ) : (
          <LiveProvider key={identity.name}>
            <ClockProvider>
              <DockProvider>
                <Pages />
              </DockProvider>
            </ClockProvider>
          </LiveProvider>
        )
      }
    </Loading>
  )
}

function Pages() {
  return (
    <Switch>
      <Route path="/terminal/:name">
        <TerminalPage />
      </Route>
      <Route path="/sign-in">
        <Redirect to="/" />
      </Route>
      <Route>
        <Frame>
          <Suspense fallback={<output className="secondary">Loading the page …</output>}>
            <Switch>
              {ROUTES.map(([path, Component]) => (
                <Route key={path} path={path}>
                  <Component />
                </Route>
              ))}
              <Route>
                <Missing />
              </Route>
            </Switch>
          </Suspense>
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
