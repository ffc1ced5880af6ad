import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';

/** Relative addresses, so that the page works under any base path; nothing inlined, so that its policy needs no `unsafe-inline`. */
export default {
  base: './',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
};
