// Two jobs of a team's own project, and a migration before them, on a platform that others keep.
import * as batch from "@pulumi/batch";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const shared = new pulumi.StackReference(config.require("platformStack"));

// Pass it on as it is.
const platform = shared.requireOutput("connection");

const migrate = new batch.RunOnDeploy("migrate", {
  platform,
  command: ["bundle", "exec", "rake", "db:migrate"],
});

const report = new batch.ScheduledJob(
  "nightly-report",
  {
    platform,
    schedule: "cron(0 3 * * ? *)",
    timezone: "Asia/Tokyo",
    shell: "bundle exec rake report:nightly",
    owner: "shop",
    cpu: 1024,
    memory: 2048,
    architecture: batch.Architecture.ARM64,
    attemptTimeout: "2h",
    retry: { attempts: 3, exitCodes: [75] },
    environment: { REPORT_BUCKET: "shop-reports" },
    secrets: { DATABASE_URL: "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/database-url" },
    permissions: [{ actions: ["s3:PutObject"], resources: ["arn:aws:s3:::shop-reports/*"] }],
  },
  { dependsOn: migrate },
);

new batch.ScheduledJob("cleanup", {
  platform,
  schedules: { weekdays: "cron(30 1 ? * MON-FRI *)", weekend: "cron(0 5 ? * SAT,SUN *)" },
  command: ["bin/cleanup", "--older-than", "30d"],
  owner: "shop",
});

export const reportArn = report.stateMachineArn;
