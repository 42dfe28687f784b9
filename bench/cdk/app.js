// The same jobs with aws-cdk-lib, as its users write them: EcsRunTask in a state machine with the
// job's retry and limits, its logs, and a schedule with its own target. A construct makes the roles.
const fs = require('fs');
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecs = require('aws-cdk-lib/aws-ecs');
const iam = require('aws-cdk-lib/aws-iam');
const logs = require('aws-cdk-lib/aws-logs');
const scheduler = require('aws-cdk-lib/aws-scheduler');
const targets = require('aws-cdk-lib/aws-scheduler-targets');
const sfn = require('aws-cdk-lib/aws-stepfunctions');
const tasks = require('aws-cdk-lib/aws-stepfunctions-tasks');

const given = JSON.parse(fs.readFileSync(process.env.BENCH_GIVEN));
const env = { account: given.account, region: given.region };

class Platform extends cdk.Stack {
  constructor(app) {
    super(app, 'platform', { env });
    this.vpc = ec2.Vpc.fromVpcAttributes(this, 'vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: given.subnets.map((_, i) => `${given.region}${'abc'[i]}`),
      privateSubnetIds: given.subnets,
    });
    this.cluster = new ecs.Cluster(this, 'cluster', { clusterName: 'batch-bench', vpc: this.vpc });
    this.group = new scheduler.ScheduleGroup(this, 'group', { scheduleGroupName: 'batch-bench' });
    const retention = given.retentionDays;
    const assumedBy = new iam.ServicePrincipal('ecs-tasks.amazonaws.com');
    this.taskRole = new iam.Role(this, 'task-role', { assumedBy });
    this.executionRole = new iam.Role(this, 'execution-role', { assumedBy });
    this.taskLogs = new logs.LogGroup(this, 'tasks', { logGroupName: '/batch/batch-bench', retention });
    this.taskLogs.grantWrite(this.executionRole);
    this.machineLogs = new logs.LogGroup(this, 'machines', {
      logGroupName: '/aws/vendedlogs/states/batch-bench',
      retention,
    });
  }
}

class Job extends cdk.Stack {} // as many jobs as 500 resources hold

function add(stack, platform, job) {
  const scope = new (require('constructs').Construct)(stack, job.name);
  const definition = new ecs.FargateTaskDefinition(scope, 'definition', {
    cpu: job.cpu,
    memoryLimitMiB: job.memory,
    taskRole: platform.taskRole.withoutPolicyUpdates(),
    executionRole: platform.executionRole.withoutPolicyUpdates(),
  });
  const container = definition.addContainer('app', {
    image: ecs.ContainerImage.fromRegistry(given.image),
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'task', logGroup: platform.taskLogs }),
  });
  const run = new tasks.EcsRunTask(scope, 'run', {
    integrationPattern: sfn.IntegrationPattern.RUN_JOB,
    cluster: platform.cluster,
    taskDefinition: definition,
    launchTarget: new tasks.EcsFargateLaunchTarget(),
    securityGroups: stack.groups,
    subnets: { subnets: platform.vpc.privateSubnets },
    taskTimeout: sfn.Timeout.duration(cdk.Duration.seconds(job.attemptSeconds)),
    containerOverrides: [
      {
        containerDefinition: container,
        command: job.command,
        environment: Object.entries(job.environment).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  run.addRetry({
    errors: ['States.TaskFailed', 'States.Timeout'],
    maxAttempts: job.attempts - 1,
    interval: cdk.Duration.seconds(job.retrySeconds),
    backoffRate: 2,
    jitterStrategy: sfn.JitterType.FULL,
  });
  const machine = new sfn.StateMachine(scope, 'machine', {
    stateMachineName: `batch-bench-${job.name}`,
    definitionBody: sfn.DefinitionBody.fromChainable(run),
    timeout: cdk.Duration.seconds(job.runSeconds),
    logs: { destination: platform.machineLogs, level: sfn.LogLevel.ALL, includeExecutionData: false },
  });
  cdk.Tags.of(machine).add('batch:job', job.name);
  cdk.Tags.of(machine).add('batch:owner', job.owner);
  new scheduler.Schedule(scope, 'schedule', {
    scheduleName: job.name,
    scheduleGroup: platform.group,
    description: job.description,
    schedule: scheduler.ScheduleExpression.expression(job.schedule, cdk.TimeZone.of(job.timezone)),
    target: new targets.StepFunctionsStartExecution(machine, {
      input: scheduler.ScheduleTargetInput.fromObject({ schedule: 'default', trigger: 'schedule' }),
      maxEventAge: cdk.Duration.hours(1),
      retryAttempts: 185,
    }),
  });
}

const app = new cdk.App();
const platform = new Platform(app);
for (let first = 0, number = 0; first < given.jobs.length; first += given.jobsInStack, number++) {
  const stack = new Job(app, `jobs-${number}`, { env });
  stack.groups = given.securityGroups.map((id) =>
    ec2.SecurityGroup.fromSecurityGroupId(stack, id, id, { mutable: false }));
  given.jobs.slice(first, first + given.jobsInStack).forEach((job) => add(stack, platform, job));
}
app.synth();
