import { readFileSync } from 'node:fs';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { githubMarkdown } from './github-markdown.mjs';

const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const address = (repository?.url ?? '').replace(/^git\+/, '').replace(/\.git$/, '');

const base = process.env.DOCS_BASE ?? '/';
/** Pages of wide tables, which get the room of the outline. */
const WIDE = [
  'comparison.md',
  'benchmarks.md',
  'tables.md',
  'intervals-benchmark.md',
  'drift-benchmark.md',
  'operations.md',
];

/** Pages of a group, each as its title and the name of its file. */
const pages = (names) => Object.entries(names).map(([text, page]) => ({ text, link: `/${page}` }));

export default defineConfig({
  title: 'reconstruction-regressor',
  description: 'Trains and serves a regression model that reconstructs its own inputs, and watches them for drift',
  base,
  head: [['link', { rel: 'icon', href: `${base}logo.svg` }]],
  transformPageData: ({ relativePath, frontmatter }) => {
    if (WIDE.includes(relativePath)) frontmatter.aside = false;
  },
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    // The same anchors as on GitHub, so that links work in both places.
    anchor: { slugify: slug },
    config: (md) => md.use(githubMarkdown, address),
  },
  vite: { build: { chunkSizeWarningLimit: 1000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    ...(address && { socialLinks: [{ icon: 'github', link: address }] }),
    nav: pages({ 'Get started': 'getting-started', Guides: 'train', Reference: 'settings', Comparison: 'comparison' }),
    sidebar: [
      {
        text: 'Start',
        items: pages({ 'Getting started': 'getting-started', 'The page': 'page', Comparison: 'comparison' }),
      },
      {
        text: 'Guides',
        items: pages({
          Train: 'train',
          Predict: 'predict',
          Explain: 'explain',
          'Prediction intervals': 'intervals',
          Clients: 'clients',
          'In your own application': 'plugin',
          'Watch for drift': 'watch-drift',
          'Versions and rollback': 'versions',
          'A report to hand on': 'report',
          'Feedback and retraining': 'feedback',
          Deploy: 'deploy',
          'Protocols of other servers': 'protocols',
          Security: 'security',
          Operations: 'operations',
          Alerts: 'alerts',
        }),
      },
      {
        text: 'Reference',
        items: pages({
          'Command line': 'command-line',
          Settings: 'settings',
          'HTTP API': 'http-api',
          Metrics: 'metrics',
          Errors: 'errors',
          Files: 'files',
        }),
      },
      {
        text: 'Explanation',
        items: pages({
          'The model': 'model',
          'Drift statistics': 'drift',
          'The gate': 'gate',
          Architecture: 'architecture',
          Decisions: 'decisions',
        }),
      },
      {
        text: 'Measurements',
        items: pages({
          Benchmarks: 'benchmarks',
          'Real tables': 'tables',
          'Prediction intervals': 'intervals-benchmark',
          'Drift benchmark': 'drift-benchmark',
          Soak: 'soak',
        }),
      },
    ],
  },
});
