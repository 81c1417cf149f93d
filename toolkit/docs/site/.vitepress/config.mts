// The guide as a site: all Markdown of the repository that users read, at its place, with a search that needs no network.
// A link in Markdown is one between files, so that the pages can be read as they lie; here it becomes one of the site.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const SITE = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const ROOT = resolve(SITE, '../../..')
const GUIDE = 'toolkit/docs/'

/** Copies of the pages, as they lie in the repository: what they are made into has to find node_modules above it. */
const PAGES_HERE = join(SITE, 'target/pages')

/** What the site shows beside the folder of the guide. */
const OTHER_PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'samples/README.md',
  'samples/models/README.md',
  'samples/models/README.zh.md',
  'loadtests/README.md',
  'loadtests/kubernetes/README.md',
  'proofs/README.md',
  'toolkit/admin/README.md',
  'toolkit/micrometer/README.md',
  'toolkit/testing/README.md',
  'toolkit/core/src/test/java/io/plainweave/faults/README.md',
].filter((page) => existsSync(join(ROOT, page)))

/** The names of the pages that come one after the other in the list beside the text. */
const GROUPS: [string, string[]][] = [
  ['Begin', ['first-server', 'protocol', 'testing']],
  ['Serve', ['listeners', 'admission', 'time', 'shutdown', 'tls', 'unix', 'udp', 'clients', 'pushing']],
  ['Run', ['running', 'embedding', 'operating', 'events', 'performance', 'machines', 'planning']],
  ['Coming from', ['from-netty', 'from-go', 'from-vertx-helidon', 'from-erlang']],
  ['Trust', ['hardening', 'trust', 'systems', 'features', 'decisions/README']],
]

const REPOSITORY: [string, string][] = [
  ['The textbook chapter', 'samples/models/README.md'],
  ['中文：从监听队列到一百万', 'samples/models/README.zh.md'],
  ['Samples', 'samples/README.md'],
  ['Load tests', 'loadtests/README.md'],
  ['Fuzzing', 'proofs/README.md'],
  ['Admin listener', 'toolkit/admin/README.md'],
  ['Micrometer', 'toolkit/micrometer/README.md'],
  ['Contributing', 'CONTRIBUTING.md'],
  ['Changelog', 'CHANGELOG.md'],
]

function pagesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'site' ? [] : pagesBelow(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** From each page's path in the repository to its path on the site. */
const PAGES = new Map<string, string>()
for (const page of pagesBelow(GUIDE)) PAGES.set(page, page.slice(GUIDE.length))
for (const page of OTHER_PAGES) PAGES.set(page, 'repository/' + page)
PAGES.set(GUIDE + 'README.md', 'index.md')

const IMAGE = /!\[[^\]]*\]\(([^):]+)\)/g

function copyPages() {
  rmSync(PAGES_HERE, { recursive: true, force: true })
  for (const page of PAGES.keys()) {
    const text = readFileSync(join(ROOT, page), 'utf8')
    const images = [...text.matchAll(IMAGE)].map(([, path]) => posix.join(posix.dirname(page), path))
    for (const file of [page, ...images]) {
      mkdirSync(join(PAGES_HERE, dirname(file)), { recursive: true })
      copyFileSync(join(ROOT, file), join(PAGES_HERE, file))
    }
  }
}

copyPages()

/** Files of the repository to which a page links: copied beside the pages as text. */
const linkedFiles = new Set<string>()

function titleOf(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return /^# (.*)$/m.exec(text)?.[1].replaceAll('`', '') ?? page
}

function urlOf(page: string): string {
  return '/' + PAGES.get(page)!.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html')
}

function entry(page: string, text = titleOf(page)) {
  return { text, link: urlOf(page) }
}

/** Where a link of a page leads on the site. */
function linkOnSite(from: string, href: string): string {
  if (/^([a-z]+:|#|\/)/.test(href)) return href
  const [, path, anchor = ''] = /^([^#]*)(#.*)?$/.exec(href)!
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, '')
  if (PAGES.has(target)) return urlOf(target) + anchor
  if (PAGES.has(target + '/README.md')) return urlOf(target + '/README.md') + anchor
  if (!existsSync(join(ROOT, target))) throw new Error(`${from} links to ${href}, which is not there`)
  linkedFiles.add(target)
  return '/files/' + target + (statSync(join(ROOT, target)).isDirectory() ? '/' : '.txt')
}

function copyLinkedFiles(out: string) {
  for (const file of linkedFiles) {
    const source = join(ROOT, file)
    const isFolder = statSync(source).isDirectory()
    const target = join(out, 'files', isFolder ? join(file, 'index.html') : file + '.txt')
    mkdirSync(dirname(target), { recursive: true })
    if (!isFolder) {
      copyFileSync(source, target)
      continue
    }
    const names = readdirSync(source).filter((name) => name !== 'target' && name !== 'node_modules')
    const files = names.filter((name) => statSync(join(source, name)).isFile())
    for (const name of files) copyFileSync(join(source, name), join(dirname(target), name + '.txt'))
    const lines = names.map((name) =>
      files.includes(name) ? `<li><a href="${name}.txt">${name}</a></li>` : `<li>${name}/</li>`,
    )
    writeFileSync(
      target,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${file}</title>` +
        `<meta name="color-scheme" content="light dark"><h1>${file}</h1><ul>${lines.join('')}</ul></html>\n`,
    )
  }
}

const sidebar = [
  { text: 'The guide', link: '/' },
  ...GROUPS.map(([text, names]) => ({
    text,
    collapsed: false,
    items: names
      .map((name) => GUIDE + name + '.md')
      .filter((page) => PAGES.has(page))
      .map((page) => entry(page)),
  })),
  {
    text: 'The repository',
    collapsed: false,
    items: REPOSITORY.filter(([, page]) => PAGES.has(page)).map(([text, page]) => entry(page, text)),
  },
]

export default defineConfig({
  title: 'Plainweave',
  description: 'A server toolkit for Java: plain blocking code, a virtual thread for each connection',
  lang: 'en',
  base: process.env.SITE_BASE || '/',
  srcDir: PAGES_HERE,
  rewrites: Object.fromEntries(PAGES),
  outDir: join(SITE, 'target/site'),
  cacheDir: join(SITE, 'target/cache'),
  metaChunk: true,
  // The index of the search is one file.
  vite: { build: { chunkSizeWarningLimit: 4_000 } },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Guide', link: urlOf(GUIDE + 'first-server.md') },
      { text: 'Samples', link: urlOf('samples/README.md') },
      ...(process.env.SITE_JAVADOC ? [{ text: 'Javadoc', link: '/javadoc/index.html', target: '_self' }] : []),
      { text: 'Changelog', link: urlOf('CHANGELOG.md') },
    ],
    sidebar,
    externalLinkIcon: false,
  },
  markdown: {
    // What the info string says beside the language is for the tests.
    languageAlias: { console: 'shellsession' },
    // The anchors that forges make of headings, on which links of the pages rely.
    anchor: {
      slugify: (heading: string) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
          .replaceAll(' ', '-'),
    },
    config(md) {
      // Before VitePress makes URLs of links.
      md.core.ruler.push('links-between-files', (state) => {
        const from = pathInRepository(state.env)
        for (const token of state.tokens.flatMap((block) => block.children ?? [])) {
          const href = token.type === 'link_open' ? token.attrGet('href') : null
          if (href) token.attrSet('href', linkOnSite(from, href))
        }
      })
    },
  },
  ignoreDeadLinks: [/^\/files\//, /^\/javadoc\//, /^https?:\/\/(127\.0\.0\.1|localhost)/],
  buildEnd({ outDir }) {
    copyLinkedFiles(outDir)
  },
})

function pathInRepository(env: { path: string; realPath?: string }): string {
  return (env.realPath ?? env.path).slice(PAGES_HERE.length + 1)
}
