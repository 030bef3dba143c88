# Terraform: layer-builder publish … --format terraform > layers.auto.tfvars.json && layer-builder package && terraform apply
# layers.auto.tfvars.json says which layer version and which bucket each region has.
terraform {
  required_providers {
    # The first version that gives a public URL both permissions that Lambda asks for since October 2025.
    aws = { source = "hashicorp/aws", version = ">= 6.29" }
  }
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "layer_builder" {
  type = object({
    release = string
    regions = map(map(object({ arn = string, digest = string, bucket = string, key = string })))
  })
}

locals {
  core = var.layer_builder.regions[var.region].core
}

provider "aws" {
  region = var.region
}

resource "aws_iam_role" "api" {
  name = "github-digest"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "api" {
  role = aws_iam_role.api.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectVersion"], Resource = "arn:aws:s3:::${local.core.bucket}/sha256/*" },
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "${aws_cloudwatch_log_group.api.arn}:*" },
    ]
  })
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/lambda/github-digest"
  retention_in_days = 30
}

resource "aws_lambda_function" "api" {
  function_name    = "github-digest"
  role             = aws_iam_role.api.arn
  filename         = "${path.module}/.layer-builder/function.zip"
  source_code_hash = filebase64sha256("${path.module}/.layer-builder/function.zip")
  handler          = "index.handler"
  runtime          = "nodejs24.x"
  architectures    = ["x86_64"]
  memory_size      = 512
  timeout          = 30
  layers           = [local.core.arn]
  environment {
    variables = { DEPS_SOURCE = "auto" }
  }
  depends_on = [aws_iam_role_policy.api, aws_cloudwatch_log_group.api]
}

# A URL that anybody may call.
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "NONE"
}
