# Terraform: layer-builder publish … && layer-builder package && terraform apply -var layer_arn=… -var artifact_bucket=…
variable "layer_arn" {
  type        = string
  description = "Layer version ARN, printed by layer-builder publish --format terraform"
}

variable "artifact_bucket" {
  type = string
}

resource "aws_iam_role" "api" {
  name = "github-digest"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "artifacts" {
  role = aws_iam_role.api.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.artifact_bucket}/sha256/*" }]
  })
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
  layers           = [var.layer_arn]
  environment {
    variables = { DEPS_SOURCE = "auto" }
  }
}

resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "NONE"
}
