/** A service that imports eight heavy packages, makes each do a little, and answers with what they made. */
import { S3Client } from '@aws-sdk/client-s3';
import { format } from 'date-fns';
import { google } from 'googleapis';
import Koa from 'koa';
import { groupBy } from 'lodash-es';
import { PDFDocument } from 'pdf-lib';
import puppeteer from 'puppeteer-core';
import sharp from 'sharp';
import { z } from 'zod';

const query = z.object({ day: z.string().default('1970-01-01') });

export function createApp() {
  const s3 = new S3Client({ region: 'us-east-1' });
  const drive = google.drive('v3');
  const app = new Koa();
  app.use(ctx => {
    const { day } = query.parse(ctx.query);
    ctx.type = 'json';
    ctx.body = JSON.stringify({
      s3: s3.constructor.name.length > 0,
      drive: typeof drive.files.list,
      pdf: typeof PDFDocument.create,
      browser: typeof puppeteer.launch,
      vips: sharp.versions.vips,
      day: format(new Date(`${day}T12:00:00`), 'yyyy/MM/dd'),
      lengths: groupBy(['koa', 'zod', 'sharp'], 'length'),
    });
  });
  return app;
}
